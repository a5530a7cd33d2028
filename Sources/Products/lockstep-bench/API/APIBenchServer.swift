import ControlChannel
import Diagnostics
import Foundation
import Glibc
import Processes

/// A server of SageMaker's API in a process of its own, on a free port of the loopback.
final class APIBenchServer {
    let port: Int
    private let folder: String
    private var pid: Int32?

    /// A coordinator without workers, with its state in a new folder.
    static func coordinator() throws -> APIBenchServer {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/lockstepd"
        return try APIBenchServer { folder, port in
            let token = folder + "/token"
            try ControlToken.random().write(toFile: token, atomically: true, encoding: .utf8)
            chmod(token, 0o600)
            return [
                program, "coordinator", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:\(port)",
                "--data-dir", folder + "/coordinator", "--token-file", token,
            ]
        }
    }

    /// moto's server; `nil` when it is not in PATH.
    static func moto() throws -> APIBenchServer? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let program = path.split(separator: ":").map { "\($0)/moto_server" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        return try program.map { program in
            try APIBenchServer { _, port in [program, "-H", "127.0.0.1", "-p", "\(port)"] }
        }
    }

    private init(_ words: (String, Int) throws -> [String]) throws {
        folder = "/var/tmp/lockstep-bench-api-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = try ChaosCluster.freePort()
        let log = open(folder + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [log, null] { close(descriptor) } }
        pid = try ChildProcess.spawn(
            try words(folder, port), environment: ProcessInfo.processInfo.environment, input: null,
            output: log, error: log, newSession: true)
        let port = port
        try Waiting.eventually(30, "no server came up on port \(port)") {
            (try? APIConnectionProbe(port: port)) != nil
        }
    }

    /// Ends the server and removes what it kept.
    func end() {
        guard let pid else { return }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        self.pid = nil
        try? FileManager.default.removeItem(atPath: folder)
    }
}
