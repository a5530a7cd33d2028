import Foundation
import Glibc
import Processes

/// Which Open MPI `mpirun` belongs to: 4 and 5 take different words.
package enum LauncherVersion {
    /// What is assumed where `mpirun` cannot be asked; it will say itself what is wrong.
    static let usual = 4

    /// Asks `mpirun --version`.
    static func find() -> Int {
        guard let output = try? ChildProcess.pipe() else { return usual }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { for descriptor in [null, output.read] { close(descriptor) } }
        let pid = try? ChildProcess.spawn(
            ["mpirun", "--version"], environment: GangCommand.scrub(ProcessInfo.processInfo.environment),
            input: null, output: output.write, error: null)
        close(output.write)
        guard let pid else { return usual }
        var bytes = [UInt8](repeating: 0, count: 4096)
        var text: [UInt8] = []
        while case let count = read(output.read, &bytes, bytes.count), count > 0 { text += bytes[..<count] }
        waitpid(pid, nil, 0)
        return parse(String(decoding: text, as: UTF8.self)) ?? usual
    }

    /// Reads `mpirun (Open MPI) 5.0.11`.
    package static func parse(_ text: String) -> Int? {
        guard let start = text.ranges(of: "(Open MPI) ").first?.upperBound else { return nil }
        return Int(text[start...].prefix { $0.isNumber })
    }
}
