import ClusterTypes
import Diagnostics
import Foundation
import Testing
import Wire
import WorkerService

@Suite struct GangNetworkTests {
    struct Case: CustomTestStringConvertible {
        let addresses: [String]
        let network: String?
        var testDescription: String { addresses.joined(separator: " ") }
    }

    static let cases = [
        Case(addresses: ["10.214.0.1", "10.214.0.2", "10.214.0.3"], network: "10.214.0.0/30"),
        Case(addresses: ["10.0.3.17", "10.0.3.17"], network: "10.0.3.17/32"),
        Case(addresses: ["10.0.3.250", "10.0.4.1"], network: "10.0.0.0/21"),
        Case(addresses: ["192.168.1.10", "192.168.200.10"], network: "192.168.0.0/16"),
        Case(addresses: ["10.0.0.1", "172.16.0.1"], network: nil),
        Case(addresses: ["10.0.0.1", "node-7"], network: nil),
        Case(addresses: ["10.0.0.1", "10.0.0.256"], network: nil),
        Case(addresses: ["10.0.0.1", "10.0.0."], network: nil),
        Case(addresses: ["::1", "::2"], network: nil),
        Case(addresses: [], network: nil),
    ]

    @Test(arguments: cases) func `the smallest network that holds all nodes`(_ example: Case) {
        #expect(GangNetwork.smallest(holding: example.addresses) == example.network)
    }
}

/// What `mpirun` is told of a gang's nodes.
@Suite struct GangCommandTests {
    /// As a worker writes it to `launch.json`.
    private struct Plan: Encodable {
        var job = JobName("job")
        var number = 2
        var gang: [GangMember]
        var environment: [EnvironmentVariable] = []
        var trainProgram = "/train"
        var daemonProgram = "/daemon"
        var tokenFile = "/token"
        var workerLock = "/lock"
        var abandonSeconds = 3.0
        var graceSeconds = 120.0
        var minimumRanks = 1
        var launcherVersion: Int
    }

    private func words(
        _ addresses: [String], hosts: [String: String] = [:], session: String? = nil, launcher: Int = 4
    ) throws -> [String] {
        let gang = addresses.enumerated().map {
            GangMember(worker: WorkerID("w\($0.offset)"), address: $0.element, launchPort: 1, ranks: 1)
        }
        let bytes = try JSONEncoder().encode(Plan(gang: gang, launcherVersion: launcher))
        let plan = try JSONDecoder().decode(LaunchPlan.self, from: bytes)
        return GangCommand(
            plan, folder: AttemptFolder(plan.attempt, in: "/attempts"), inherited: [:], isRoot: false,
            hosts: hosts, session: session
        ).arguments
    }

    private func values(_ option: String, _ words: [String]) -> [String] {
        zip(words, words.dropFirst()).filter { $0.0 == option }.map(\.1)
    }

    @Test func `nodes go by numbers, for names are cut at the first dot`() throws {
        let words = try words(
            ["gpu.a.example", "gpu.b.example"],
            hosts: ["gpu.a.example": "10.0.0.1", "gpu.b.example": "10.0.0.2"])
        #expect(values("--host", words) == ["10.0.0.1:1", "10.0.0.2:1"])
        #expect(values("btl_tcp_if_include", words) == ["10.0.0.0/30"])
    }

    @Test func `names of one node are one node`() throws {
        let words = try words(["a", "b"], hosts: ["a": "10.0.0.1", "b": "10.0.0.1"])
        #expect(values("--host", words).isEmpty)
    }

    @Test(arguments: [4, 5]) func `Open MPI's own files are in the attempt's folder`(launcher: Int) throws {
        let words = try words(["a", "b"], session: "/dev/shm/s", launcher: launcher)
        let names =
            launcher == 4
            ? ["orte_tmpdir_base", "btl_vader_backing_directory"]
            : ["prte_tmpdir_base", "btl_sm_backing_directory"]
        for name in names { #expect(values(name, words) == ["/dev/shm/s"]) }
    }

    @Test(arguments: ["::1", "fd00:1::2", "no-such-node.invalid"])
    func `an address that Open MPI cannot use is refused with the reason`(address: String) {
        let error = #expect(throws: LockstepError.self) { try GangHosts.address(of: address) }
        #expect(error?.code == .usage && error?.message.contains("IPv4") == true)
    }

    @Test(arguments: [("10.1.2.3", "10.1.2.3"), ("127.0.0.2", "127.0.0.1"), ("localhost", "127.0.0.1")])
    func `a number is its own address, and loopback one machine`(node: String, address: String) throws {
        #expect(try GangHosts.address(of: node) == address)
    }
}
