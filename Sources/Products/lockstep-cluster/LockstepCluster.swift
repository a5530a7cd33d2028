import ArgumentParser
import Collectives
import CommandLineEntry
import Diagnostics
import Foundation
import MPICollectives

/// `mpirun -n N+1 lockstep-cluster`: a cluster inside any MPI allocation, with nothing to configure.
///
/// (a) Rank 0 chooses an address that all ranks reach, and a secret, and broadcasts both.
/// (b) All finalize MPI, so that no collective ties the daemons together.
/// (c) Rank 0 becomes `lockstepd coordinator`, the others `lockstepd worker`, under their own process
///     ids: mpirun goes on to own them, passes on their output and ends them.
@main
struct LockstepCluster: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstep-cluster",
        abstract: "Turns the ranks of an MPI world into a coordinator and workers.",
        discussion: """
            Run it as mpirun -n N+1 lockstep-cluster: rank 0 becomes the coordinator, the N others become \
            workers. The cluster lives until mpirun ends.
            """,
        version: LockstepVersion.current)

    @Option(help: "Ranks each worker has room for.")
    var slots = 1
    @Option(help: "Folder for the daemons' files (default: \(HomeFolder.rule)).")
    var dataDir: String?
    @Option(help: "ADDRESS:PORT of the public API on rank 0's host.")
    var api = "127.0.0.1:7460"

    func validate() throws {
        guard (1...4096).contains(slots) else {
            throw ValidationError("--slots is \(slots): it must be 1 to 4096")
        }
    }

    static func main() { runAsProgram() }

    func run() throws {
        let plan = MPIWorld.run { communicator in
            communicator.size > 1 ? try Plan(communicator) : nil
        }
        guard let plan else {
            throw LockstepError(
                .usage,
                "a cluster needs a rank for the coordinator and one for each worker: "
                    + "run mpirun -n N+1 lockstep-cluster")
        }
        try Daemon(plan, slots: slots, api: api, folder: folder()).become()
    }

    private func folder() -> String {
        let home = HomeFolder.path(
            environment: ProcessInfo.processInfo.environment, accountHome: NSHomeDirectory())
        return URL(fileURLWithPath: dataDir ?? home).path
    }
}

/// What the ranks agree on while they are one MPI world.
struct Plan {
    let rank: Int
    /// Where the coordinator listens for workers.
    let control: SocketAddress
    /// The IPv4 address under which the others reach this rank.
    let ownAddress: String
    /// Admits workers to the cluster: 64 hex digits.
    let secret: String

    /// Collective.
    init(_ communicator: any Communicator) throws {
        rank = communicator.rank
        let found = try MeetingPoint.find(communicator)
        control = found.coordinator
        ownAddress = found.own
        var random = SystemRandomNumberGenerator()
        let own = (0..<4).map { _ in
            let digits = String(random.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        secret = String(decoding: try communicator.broadcast(bytes: Array(own.utf8), root: 0), as: UTF8.self)
    }
}
