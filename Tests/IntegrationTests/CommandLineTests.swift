import Diagnostics
import Foundation
import Testing

/// Mistakes on the command line of the built programs: one clear sentence on standard error and the
/// documented exit status.
@Suite struct CommandLineTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let words: [String]
        let status: Int32
        /// What standard error must say.
        let says: [String]
        var program = "lockstep"
        var testDescription: String { ([program] + words).joined(separator: " ") }
    }

    private static let nobody = ["--endpoint", "http://127.0.0.1:1"]

    static let mistakes = [
        Mistake(words: ["frobnicate"], status: 64, says: ["Unexpected argument 'frobnicate'"]),
        Mistake(words: ["--wrong"], status: 64, says: ["Unknown option '--wrong'"]),
        Mistake(words: ["submit"], status: 64, says: ["Missing expected argument '<file>'"]),
        Mistake(
            words: ["submit", "absent.yaml"], status: 66, says: ["absent.yaml", "check that it exists"]),
        Mistake(words: ["submit", "."], status: 66, says: ["the job file"]),
        Mistake(words: ["submit", "broken.yaml"], status: 78, says: ["broken.yaml line 4"]),
        Mistake(words: ["submit", "broken.json"], status: 78, says: ["broken.json line 2"]),
        Mistake(words: ["submit", "list.yaml"], status: 78, says: ["list.yaml"]),
        Mistake(
            words: ["submit", "a.yaml", "--set", "epochs"], status: 64, says: ["'epochs'", "NAME=VALUE"]),
        Mistake(words: ["submit", "a.yaml", "--set", "=3"], status: 64, says: ["NAME=VALUE"]),
        Mistake(
            words: ["submit", "a.yaml", "--instance-count", "0"], status: 64,
            says: ["--instance-count is 0: it must be 1 or more"]),
        Mistake(
            words: ["submit", "a.yaml", "--instance-count", "two"], status: 64,
            says: ["'two'", "--instance-count"]),
        Mistake(
            words: ["submit", "a.yaml"] + nobody, status: 69, says: ["no coordinator answers", "--endpoint"]),
        Mistake(words: ["jobs", "list"] + nobody, status: 69, says: ["http://127.0.0.1:1"]),
        Mistake(words: ["jobs", "logs", "a"] + nobody, status: 69, says: ["no coordinator answers"]),
        Mistake(words: ["workers", "list"] + nobody, status: 69, says: ["no coordinator answers"]),
        Mistake(words: ["jobs", "list", "--endpoint", "nope"], status: 64, says: ["'nope'", "--endpoint"]),
        Mistake(words: ["jobs", "list", "--limit", "0"], status: 64, says: ["--limit is 0"]),
        Mistake(
            words: ["jobs", "list", "--output", "yaml"], status: 64, says: ["'yaml'", "'text' and 'json'"]),
        Mistake(words: ["jobs", "describe"], status: 64, says: ["Missing expected argument '<name>'"]),
        Mistake(words: ["jobs", "stop"], status: 64, says: ["Missing expected argument '<name>'"]),
        Mistake(words: ["up", "--workers", "0"], status: 64, says: ["--workers is 0: it must be 1 to 256"]),
        Mistake(
            words: ["down", "--data-dir", "absent"], status: 66, says: ["no cluster runs in", "absent"]),
        Mistake(words: ["data", "inspect", "absent.csv"], status: 66, says: ["absent.csv"]),
        Mistake(words: ["predict", "absent.tar.gz", "a.yaml"], status: 66, says: ["absent.tar.gz"]),
        Mistake(words: ["verify", "./absent"], status: 66, says: ["absent"]),
        Mistake(words: ["checkpoints", "list", "./absent"], status: 66, says: ["absent"]),
        Mistake(words: ["checkpoints", "verify", "./absent"], status: 66, says: ["absent"]),
        Mistake(
            words: [
                "worker", "--coordinator", "nowhere", "--name", "a", "--data-dir", "d", "--token-file", "t",
            ],
            status: 64, says: ["'nowhere'", "--coordinator"], program: "lockstepd"),
        Mistake(
            words: [
                "worker", "--coordinator", "127.0.0.1:1", "--name", "a b", "--data-dir", "d",
                "--token-file", "t",
            ], status: 64, says: ["--name is \"a b\""], program: "lockstepd"),
        Mistake(
            words: ["coordinator", "--data-dir", "d", "--token-file", "absent"], status: 66,
            says: ["absent"], program: "lockstepd"),
        Mistake(
            words: ["coordinator", "--data-dir", "d", "--token-file", "a.yaml", "--lease", "1"],
            status: 64, says: ["--lease must be at least 2 seconds"], program: "lockstepd"),
        Mistake(
            words: [], status: 64, says: ["mpirun -n N+1 lockstep-cluster"], program: "lockstep-cluster"),
        Mistake(
            words: ["--slots", "0"], status: 64, says: ["--slots is 0"], program: "lockstep-cluster"),
        Mistake(words: ["absent.json"], status: 66, says: ["absent.json"], program: "lockstep-train"),
    ]

    @Test(arguments: mistakes) func `a mistake has its sentence and its status`(_ mistake: Mistake) throws {
        try withTemporaryFolder { folder in
            let files = [
                "a.yaml": """
                TrainingJobName: a
                AlgorithmSpecification: {AlgorithmName: kmeans}
                HyperParameters: {k: 3, feature_dim: 2}
                OutputDataConfig: {S3OutputPath: out}
                """,
                "broken.yaml": "TrainingJobName: a\nHyperParameters: [1,\nRoleArn: x\n",
                "broken.json": "{\n\"TrainingJobName\": \"a\",,\n}\n", "list.yaml": "- a\n- b\n",
            ]
            for (name, text) in files {
                try text.write(
                    to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
            }
            let outcome = try Program.run(
                mistake.program, mistake.words, in: folder, environment: ["HOME": folder.path], seconds: 30)
            #expect(outcome.status == mistake.status, "\(outcome.error)")
            for text in mistake.says { #expect(outcome.error.contains(text), "\(outcome.error)") }
            #expect(outcome.output.isEmpty, "\(outcome.output)")
            let sentences = outcome.error.split(separator: "\n").filter {
                $0.hasPrefix("Error: ") || $0.hasPrefix("\(mistake.program): ")
                    || $0.hasPrefix("lockstep-train: ")
            }
            #expect(sentences.count == 1, "\(outcome.error)")
            for trace in ["Fatal error", "Stack dump", "Swift/"] { #expect(!outcome.error.contains(trace)) }
        }
    }

    @Test(arguments: ["lockstep", "lockstepd", "lockstep-train", "lockstep-cluster", "lockstep-bench"])
    func `every command explains itself and has a version`(_ program: String) throws {
        try withTemporaryFolder { folder in
            let help = try Program.run(program, ["--help"], in: folder)
            #expect(help.status == 0 && help.output.contains("USAGE: \(program)"), "\(help.output)")
            let version = try Program.run(program, ["--version"], in: folder)
            #expect(version.status == 0 && version.output == "\(LockstepVersion.current)\n")
        }
    }
}
