import Foundation
import Testing

/// The package of docs/writing-an-algorithm.md, built as the page says, in a folder that is kept in .build
/// so that only the first build is long.
struct UserPackage {
    let page: DocumentPage
    /// Where the reader stands: beside it lies `lockstep`, this checkout.
    let folder: URL

    static let isSwiftThere: Bool = {
        do {
            return try withTemporaryFolder {
                try Program.run("swift", ["--version"], in: $0, seconds: 60).status == 0
            }
        } catch { return false }
    }()

    /// The one package of this test run.
    static let shared = Result { try UserPackage() }

    private init() throws {
        page = try DocumentPage("writing-an-algorithm.md")
        let place = Program.packageRoot.appendingPathComponent(".build/user-package")
        folder = place.appendingPathComponent("pca")
        let manager = FileManager.default
        try manager.createDirectory(at: folder, withIntermediateDirectories: true)
        let checkout = place.appendingPathComponent("lockstep").path
        if (try? manager.destinationOfSymbolicLink(atPath: checkout)) != Program.packageRoot.path {
            // Absent or of another checkout: either way there is none that serves.
            try? manager.removeItem(atPath: checkout)
            try manager.createSymbolicLink(
                atPath: checkout, withDestinationPath: Program.packageRoot.path)
        }
        for (path, text) in page.files { try Self.put(text, at: folder.appendingPathComponent(path)) }
        // What an earlier run trained there, if any.
        try? manager.removeItem(at: folder.appendingPathComponent("output"))
        let start = Date()
        try take("build", seconds: 900)
        FileHandle.standardError.write(
            Data("the user's package was built in \(Int(-start.timeIntervalSinceNow)) s\n".utf8))
        try take("data")
    }

    private static func put(_ text: String, at file: URL) throws {
        if let old = try? String(contentsOf: file, encoding: .utf8), old == text { return }
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    /// Types what the page shows for a step; it must succeed.
    @discardableResult
    func take(
        _ step: String, environment: [String: String] = [:], seconds: Double = 120
    ) throws -> Program.Outcome {
        let commands = try #require(page.commands(step), "the page has no commands labelled \(step)")
        return try withTemporaryFolder { logs in
            let running = try Program.start(
                "bash", ["-c", "cd '\(folder.path)' && set -e\n" + commands], in: logs,
                environment: environment)
            let outcome = running.wait(seconds: seconds)
            try #require(outcome.status == 0, "\(step): \(outcome.output.suffix(2000)) \(outcome.error)")
            return outcome
        }
    }

    /// Starts `mpirun -n ranks pca job.yaml --output-dir OUTPUT`.
    func start(
        ranks: Int, output: URL, logs: URL, options: [String] = []
    ) throws -> RunningProgram {
        let words = ["-n", "\(ranks)", "--bind-to", "none", program, job, "--output-dir", output.path]
        return try Program.start("mpirun", words + options, in: logs)
    }

    var program: String { folder.appendingPathComponent(".build/release/pca").path }
    var job: String { folder.appendingPathComponent("job.yaml").path }

    /// Process ids of the ranks that train into `output`.
    func ranks(_ output: URL, logs: URL) throws -> [Int32] {
        try Program.run(
            "pgrep", ["-f", "^[^ ]*/pca [^ ]*job.yaml --output-dir \(output.path)( |$)"], in: logs
        )
        .output.split(separator: "\n").compactMap { Int32($0) }
    }
}
