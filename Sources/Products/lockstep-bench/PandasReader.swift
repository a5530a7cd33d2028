import Diagnostics
import Foundation

/// A Python process that reads CSV files with pandas when told to.
final class PandasReader {
    struct Reading {
        var seconds: Double
        var rows: Int
        var columns: Int
    }

    /// The version of pandas, or why there is none.
    let state: String
    private let process: Process?
    private let input = Pipe()
    private let output = Pipe()

    private static let script = """
        import sys, time
        def say(*words):
            sys.stdout.write(" ".join(map(str, words)) + "\\n")
            sys.stdout.flush()
        try:
            import pandas, numpy
        except ImportError as error:
            say("missing:", error)
            sys.exit(1)
        say("pandas", pandas.__version__)
        for line in sys.stdin:
            start = time.perf_counter()
            frame = pandas.read_csv(line.rstrip("\\n"), header=None, dtype=numpy.float32, engine="c")
            seconds = time.perf_counter() - start
            say(seconds, frame.shape[0], frame.shape[1])
            del frame
        """

    init(python: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, "-c", Self.script]
        process.standardInput = input
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            state = "pandas is missing: \(python) cannot be run"
            self.process = nil
            return
        }
        let greeting = Self.line(output)
        guard greeting.hasPrefix("pandas ") else {
            state = "pandas is missing in \(python); name a Python that has it with --python"
            self.process = nil
            process.waitUntilExit()
            return
        }
        state = greeting
        self.process = process
    }

    deinit {
        guard let process else { return }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// `nil` when there is no pandas.
    func read(_ path: String) throws -> Reading? {
        guard process != nil else { return nil }
        try input.fileHandleForWriting.write(contentsOf: Data((path + "\n").utf8))
        let words = Self.line(output).split(separator: " ")
        guard words.count == 3, let seconds = Double(words[0]), let rows = Int(words[1]),
            let columns = Int(words[2])
        else { throw LockstepError(.io, "pandas did not read \(path); its message stands above") }
        return Reading(seconds: seconds, rows: rows, columns: columns)
    }

    private static func line(_ pipe: Pipe) -> String {
        var bytes: [UInt8] = []
        while let byte = try? pipe.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
