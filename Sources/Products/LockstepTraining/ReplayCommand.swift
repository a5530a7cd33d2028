import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import GangRuntime
import LinearAlgebra
import MPICollectives
import Training

struct ReplayCommand: AlgorithmCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Takes steps of an earlier job again and prints their state hashes.",
        discussion: """
            Begins at the newest checkpoint before the first step and writes nothing. The output is a line \
            from STEP and then a line STEP SAMPLES HASH for each commit; `lockstep verify JOB --replay A..B` \
            compares them with the job's history.
            """)

    @Argument(help: "The job's folder: S3OutputPath/JOB.")
    var folder: String
    @Option(help: "Steps to take again, A..B.", transform: StepRange.init)
    var steps: StepRange
    @Option(help: "Folder of the job's checkpoints (default: in the job's folder).")
    var checkpoints: String?
    @Option(help: "Threads of each rank.")
    var threads = 1

    func run(_ algorithms: AlgorithmList) throws {
        let options = ReplayProgram.Options(
            jobFolder: URL(fileURLWithPath: folder).standardized.path,
            checkpointFolder: checkpoints.map { URL(fileURLWithPath: $0).standardized.path },
            steps: steps.steps, threads: threads)
        let program = ReplayProgram(
            options, algorithms: algorithms, coreType: LinearAlgebra.prepare().coreType)
        let status = MPIWorld.run { try program.run($0) }
        guard status == 0 else { throw ExitCode(status) }
    }
}
