import Foundation

/// A built program of this package, or a tool on PATH, run to its end as a user would.
struct Program {
    /// What a run left behind.
    struct Outcome {
        let status: Int32
        let output: String
        let error: String

        /// The `HEX` of the line `model-hash: HEX`, if there is exactly one.
        var modelHash: String? {
            let lines = output.split(separator: "\n").filter { $0.contains("model-hash: ") }
            guard lines.count == 1, let range = lines[0].range(of: "model-hash: ") else { return nil }
            return String(lines[0][range.upperBound...].prefix { $0.isHexDigit })
        }
    }

    static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func path(_ name: String) -> String {
        let built = packageRoot.appendingPathComponent(".build/release/\(name)").path
        return FileManager.default.isExecutableFile(atPath: built) ? built : name
    }

    /// The environment that tests give to programs: no MPI world of the caller's, one BLAS thread.
    static func environment(_ extra: [String: String] = [:]) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter { name, _ in
            !["OMPI_", "PMIX_", "PRTE_", "LOCKSTEP_"].contains { name.hasPrefix($0) }
        }
        environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        environment["OPENBLAS_NUM_THREADS"] = "1"
        let venv = packageRoot.appendingPathComponent(".venv/bin").path
        environment["PATH"] = "\(venv):\(environment["PATH"] ?? "/usr/bin:/bin")"
        return environment.merging(extra) { $1 }
    }

    /// Starts `name arguments`; output and error go to files in `folder`, which cannot fill a pipe.
    ///
    /// - Parameter words: a command that starts it, as another user or elsewhere.
    static func start(
        _ name: String, _ arguments: [String], in folder: URL, environment extra: [String: String] = [:],
        through words: [String] = [], log: String = UUID().uuidString
    ) throws -> RunningProgram {
        let output = folder.appendingPathComponent("\(log).out")
        let error = folder.appendingPathComponent("\(log).err")
        for file in [output, error] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Tests run on threads that block signals, which a child would inherit.
        process.arguments = ["--default-signal=TERM,USR1,INT"] + words + [path(name)] + arguments
        process.environment = environment(extra)
        process.currentDirectoryURL = folder
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: error)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return RunningProgram(process: process, outputFile: output, errorFile: error)
    }

    /// Runs `name arguments` to its end, at most `seconds`.
    @discardableResult
    static func run(
        _ name: String, _ arguments: [String], in folder: URL, environment: [String: String] = [:],
        seconds: Double = 120
    ) throws -> Outcome {
        try start(name, arguments, in: folder, environment: environment).wait(seconds: seconds)
    }

    /// `mpirun -n ranks lockstep-train job arguments`.
    @discardableResult
    static func train(
        _ job: URL, ranks: Int, threads: Int = 1, arguments: [String] = [], seconds: Double = 120
    ) throws -> Outcome {
        try run(
            "mpirun",
            [
                "-n", "\(ranks)", "--bind-to", "none", path("lockstep-train"), job.path, "--threads",
                "\(threads)",
            ]
                + arguments,
            in: job.deletingLastPathComponent(), seconds: seconds)
    }
}

/// A program that a test has started and not yet waited for.
struct RunningProgram {
    let process: Process
    let outputFile: URL
    let errorFile: URL

    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    var error: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Waits for its end; kills it with SIGKILL after `seconds`, which shows as status 137.
    func wait(seconds: Double = 120) -> Program.Outcome {
        let end = Date(timeIntervalSinceNow: seconds)
        while process.isRunning, Date() < end { usleep(5_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        let status =
            process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Program.Outcome(status: status, output: output, error: error)
    }

    /// Waits until `condition` holds or `seconds` have passed; tells which.
    @discardableResult
    static func eventually(seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while Date() < end {
            if try condition() { return true }
            usleep(20_000)
        }
        return false
    }
}
