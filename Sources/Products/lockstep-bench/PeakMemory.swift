import Diagnostics
import Foundation

/// Memory of this process, as the kernel counts it.
enum PeakMemory {
    /// Runs this program with `arguments` and returns the number that it prints.
    ///
    /// A process of its own, because memory that an allocator has kept from earlier work hides what is
    /// taken from it.
    static func ofChild(_ arguments: [String]) throws -> Int {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw LockstepError(.io, "the process that measures memory printed '\(text)'")
        }
        return bytes
    }

    /// Bytes by which the resident memory rose at most while `body` ran and its result was alive.
    static func during<Result>(_ body: () throws -> Result) throws -> Int {
        // 5: forget the peak so far (proc_pid_clear_refs(5)).
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        let before = try bytes("VmRSS:")
        let result = try body()
        return try withExtendedLifetime(result) { try bytes("VmHWM:") - before }
    }

    /// Bytes that are resident now; 0 where the kernel does not tell.
    static func resident() -> Int { (try? bytes("VmRSS:")) ?? 0 }

    private static func bytes(_ key: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        for line in status.split(separator: "\n") where line.hasPrefix(key) {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count == 3, let kibibytes = Int(words[1]) { return kibibytes << 10 }
        }
        throw LockstepError(.io, "/proc/self/status has no \(key)")
    }
}
