import Foundation
import JobRequests
import JobSpecs
import ProgramContract
import Testing

@Suite("Examples of programs")
struct ProgramExampleTests {
    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/examples").path

    private func plan(_ file: String) throws -> ProgramPlan {
        let job = try JobFile(path: "\(Self.examples)/\(file)").job()
        let host = ProgramPlan.Host(name: "algo-1", address: "127.0.0.1", worker: "w")
        return ProgramPlan(
            job: job, kind: try #require(job.work.programKind), attempt: 1, hosts: [host],
            folder: "/nowhere")
    }

    @Test("a job file's folder of code is a plain path from the file's folder, which the toolkit takes too")
    func code() throws {
        for file in ["script-mode/job.yaml", "script-mode/job-toolkit.yaml", "mpi-program/job.yaml"] {
            let parameters = try plan(file).job.hyperparameters
            let folder = file.split(separator: "/")[0]
            #expect(parameters["sagemaker_submit_directory"] == "\(Self.examples)/\(folder)/code", "\(file)")
        }
    }

    @Test("each is of its kind, and its script is there")
    func kinds() throws {
        let script = try plan("script-mode/job.yaml")
        #expect(script.kind == .script)
        #expect(
            try ScriptLauncher(script, rank: 0, base: "/opt/ml", cores: 1).arguments
                == ["python3", "--", "train.py", "--epochs", "30", "--learning-rate", "0.5"])
        let world = try plan("mpi-program/job.yaml")
        #expect(world.kind == .mpi)
        let words = try ScriptLauncher(world, rank: 0, base: "/opt/ml", cores: 1).arguments
        #expect(words.prefix(4) == ["python3", "-m", "mpi4py", "train.py"])
        let toolkit = try plan("script-mode/job-toolkit.yaml")
        #expect(toolkit.kind == .script)
        #expect(
            toolkit.job.work.program?.command?.last
                == "sagemaker_training.cli.train")
    }
}
