import Diagnostics
import Foundation
import Glibc
import Processes
import Testing

/// A Python script that a test runs to its end.
struct PythonRun {
    var status: Int32
    var output: String

    private static let interpreter = "python3"

    static func start(
        _ arguments: [String], environment: [String: String], directory: String? = nil, output: String
    ) throws -> Int32 {
        var environment = environment
        environment["PATH"] = environment["PATH"] ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let file = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer {
            close(null)
            close(file)
        }
        return try ChildProcess.spawn(
            arguments, environment: environment, directory: directory, input: null, output: file, error: file,
            diesWithParent: false)
    }

    static func wait(_ pid: Int32, output: String) throws -> PythonRun {
        var status: Int32 = 0
        for _ in 0..<3000 {
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid {
                let text = try String(contentsOfFile: output, encoding: .utf8)
                return PythonRun(status: ChildProcess.shellStatus(status), output: text)
            }
            usleep(10_000)
        }
        kill(pid, SIGKILL)
        waitpid(pid, &status, 0)
        throw LockstepError(
            .io, "a script did not end: \(try String(contentsOfFile: output, encoding: .utf8))")
    }

    /// - Parameter script: source text.
    static func start(_ script: String, environment: [String: String], output: String) throws -> Int32 {
        try start([interpreter, "-c", script], environment: environment, output: output)
    }
}

/// A folder of a test's own, removed at its end.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let folder = "\(base)/program-tests-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer {
        do { try FileManager.default.removeItem(atPath: folder) } catch { Issue.record(error) }
    }
    return try body(folder)
}
