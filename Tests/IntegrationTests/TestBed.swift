import Foundation
import Testing

/// Hosts on this machine, each with a network, a host name and a /dev/shm of its own: see scripts/testbed.
struct TestBed {
    let name: String
    let hosts: Int

    /// Why no bed can be made here; `nil` when it can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "network namespaces want root" }
        do {
            return try withTemporaryFolder { folder in
                let up = try Program.run(script, ["up", "1", "--owner", "\(getpid())"], in: folder)
                let bed = up.output.trimmingCharacters(in: .whitespacesAndNewlines)
                guard up.status == 0 else { return up.error }
                try Program.run(script, ["down", bed], in: folder)
                return nil
            }
        } catch { return "\(error)" }
    }()

    private static var script: String {
        Program.packageRoot.appendingPathComponent("scripts/testbed").path
    }

    /// Runs `body` with a bed of `hosts` hosts, and removes it and all that runs in it afterwards.
    static func run<T>(hosts: Int, in folder: URL, _ body: (TestBed) throws -> T) throws -> T {
        let up = try Program.run(script, ["up", "\(hosts)", "--owner", "\(getpid())"], in: folder)
        try #require(up.status == 0, "\(up.error)")
        let bed = TestBed(
            name: up.output.trimmingCharacters(in: .whitespacesAndNewlines), hosts: hosts)
        defer { _ = try? Program.run(script, ["down", bed.name], in: folder) }
        return try body(bed)
    }

    func address(_ host: Int) -> String { "10.214.0.\(host)" }

    /// Lets all hosts know these names too, each of one of them.
    func name(_ names: [Int: String]) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: "/run/lockstep-testbed/\(name)/hosts"))
        defer { try? file.close() }
        try file.seekToEnd()
        let lines = names.map { "\(address($0.key)) \($0.value)\n" }.joined()
        try file.write(contentsOf: Data(lines.utf8))
    }

    /// Starts a program in a host. Its process id is the program's own.
    func start(
        _ host: Int, _ program: String, _ arguments: [String], in folder: URL,
        environment: [String: String] = [:], through words: [String] = [],
        log: String = UUID().uuidString
    ) throws -> RunningProgram {
        try Program.start(
            Self.script, ["exec", name, "\(host)"] + words + [Program.path(program)] + arguments, in: folder,
            environment: environment, log: log)
    }

    /// `cut`, `join`, `slow`, `kill` of scripts/testbed.
    func change(_ verb: String, _ words: String..., in folder: URL) throws {
        let outcome = try Program.run(Self.script, [verb, name] + words, in: folder)
        try #require(outcome.status == 0, "\(verb) \(words): \(outcome.error)")
    }

    /// Process ids in a host whose command line contains `text`, zombies left out.
    func processes(_ host: Int, _ text: String, in folder: URL) throws -> [Int32] {
        let found = try start(
            host, "sh", ["-c", "readlink /proc/self/ns/net; pgrep -f -- \"$1\"", "sh", text], in: folder
        ).wait(seconds: 10).output.split(separator: "\n").map(String.init)
        guard let network = found.first else { return [] }
        return found.dropFirst().compactMap { Int32($0) }.filter { pid in
            let path = "/proc/\(pid)/ns/net"
            let own = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            return own == network
        }
    }
}
