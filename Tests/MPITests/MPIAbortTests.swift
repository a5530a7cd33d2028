import Foundation
import Testing

/// How a world of programs ends when one rank fails; and what a rank does without mpirun.
@Suite(.enabled(if: !isInWorld, "a rank does not start worlds"))
struct MPIAbortTests {
    @Test("An error in one rank ends the world with rank, step and cause", arguments: [1, 3])
    func errorEndsTheWorld(_ ranks: Int) throws {
        // Rank 0 cannot save the result and throws; the others wait for it in a barrier.
        let outcome = try run(
            "mpirun",
            ["-n", "\(ranks)", "--oversubscribe", program("lockstep-bench"), "allreduce"] + quick
                + ["--save", "/nonexistent/result"])
        #expect(outcome.status == 74)
        let line = "rank 0, step 1: cannot write the result to /nonexistent/result: "
        #expect(outcome.error.contains(line), "\(outcome.error)")
    }

    @Test("Without mpirun a rank is a world of its own")
    func singleRank() throws {
        let outcome = try run(program("lockstep-bench"), ["allreduce"] + quick)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.hasPrefix("1 ranks"), "\(outcome.output)")
        #expect(outcome.error == "")
    }

    private let quick = ["--smallest", "1024", "--largest", "4096", "--seconds", "0.01"]

    private func program(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/release/\(name)").path
    }

    private struct Outcome {
        let status: Int32
        let output: String
        let error: String
    }

    /// Killed after a minute, which shows as status 124.
    private func run(_ program: String, _ arguments: [String]) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["output", "error"].map { folder.appendingPathComponent($0) }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60", program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
        ) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOf: files[0], encoding: .utf8),
            error: try String(contentsOf: files[1], encoding: .utf8))
    }
}
