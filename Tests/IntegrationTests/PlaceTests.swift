import Foundation
import Testing

/// Places that do not take what a job writes, and daemons that have reached their limits.
@Suite(.serialized) struct PlaceTests {
    private static let mounts = Surroundings.readOnly("/mnt").obstacle

    @Test(.enabled(if: mounts == nil, "no mounts can be made here: \(mounts ?? "")"))
    func `an output on a file system that takes no writes is the user's to change`() throws {
        try withTemporaryFolder { folder in
            let place = folder.appendingPathComponent("closed")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let surroundings = Surroundings.readOnly(place.path)
            try LocalCluster.run(workers: 1, slots: 2, surroundings: surroundings, in: folder) { cluster in
                // A client elsewhere, which sees no such file system.
                let docket = CaseDocket(name: "closed", folder: folder) {
                    try Program.run(
                        "lockstep", $0, in: folder, environment: ["LOCKSTEP_ENDPOINT": cluster.api])
                }
                let rows = (0..<60).map { "\($0 % 2),\($0)\n" }.joined()
                let cases = [
                    ReportedCase(name: "script", words: ["true"]),
                    try .training("built-in", files: ["a.csv": rows], in: folder),
                ].map { example in
                    example.changed { $0.output = "file://\(place.path)/out" }
                        .failing("ClientError", "\(place.path)/out", "Read-only file system")
                }
                try docket.submit(cases)
                try docket.check(cases)
            }
        }
    }

    /// At the limit of descriptors the API waits instead of asking the kernel again and again.
    @Test func `a coordinator without descriptors says so once, rests, and goes on when it has some`() throws
    {
        try withTemporaryFolder { folder in
            let token = folder.appendingPathComponent("token")
            try "a-token-for-tests".write(to: token, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token.path)
            let port = try LocalCluster.freePort()
            let coordinator = try Program.start(
                "lockstepd",
                [
                    "coordinator", "--data-dir", folder.path + "/data", "--listen", "127.0.0.1:0", "--api",
                    "127.0.0.1:\(port)", "--token-file", token.path,
                ], in: folder, through: ["prlimit", "--nofile=64"])
            defer {
                kill(coordinator.process.processIdentifier, SIGKILL)
                coordinator.process.waitUntilExit()
            }
            func list() throws -> Int32 {
                try Program.run(
                    "lockstep", ["jobs", "list", "--endpoint", "http://127.0.0.1:\(port)"], in: folder
                ).status
            }
            try #require(
                try RunningProgram.eventually(seconds: 20) { try list() == 0 }, "\(coordinator.error)")
            let script = """
                import socket, sys
                held = [socket.create_connection(('127.0.0.1', \(port))) for _ in range(80)]
                print('held', flush=True)
                sys.stdin.read()
                """
            let (holder, input) = (Process(), Pipe())
            holder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            holder.arguments = ["python3", "-c", script]
            holder.standardInput = input
            holder.standardOutput = FileHandle.nullDevice
            try holder.run()
            defer { holder.terminate() }
            let words = "API cannot accept connections"
            func said() -> String { coordinator.output + coordinator.error }
            try #require(
                RunningProgram.eventually(seconds: 20) { said().contains(words) }, "\(said())")
            let pid = coordinator.process.processIdentifier
            let (ticks, start) = (try Self.ticks(pid), Date())
            // A core that spins is used whole, for as long as one looks.
            let rests = try RunningProgram.eventually(seconds: 10) {
                let seconds = Date().timeIntervalSince(start)
                let used = Double(try Self.ticks(pid) - ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
                return seconds > 0.5 && used < seconds / 2
            }
            #expect(rests, "the coordinator asks again and again")
            #expect(said().components(separatedBy: words).count == 2, "\(said())")
            try input.fileHandleForWriting.close()
            holder.waitUntilExit()
            #expect(try RunningProgram.eventually(seconds: 20) { try list() == 0 }, "\(said())")
        }
    }

    /// Time of a process on cores, in ticks.
    private static func ticks(_ pid: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let words = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return (Int(words[12]) ?? 0) + (Int(words[13]) ?? 0)
    }
}
