import ArgumentParser
import Diagnostics
import GangRuntime
import JobRequests
import LinearAlgebra
import MPICollectives
import Training

struct RunCommand: AlgorithmCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Trains a job and writes its model.",
        discussion: """
            Exit status 0: the model is written; the last line of output is model-hash: and 64 digits. \
            75: stopped by SIGTERM or SIGUSR1 after a checkpoint; run it again to go on. \
            76: the ranks' states differ. \
            Anything else: an error, told in one line.
            """)

    @Argument(help: "The job: a CreateTrainingJob request in YAML or JSON.")
    var job: String

    @Option(
        help: "Which algorithm of this program (default: as AlgorithmSpecification says, or the only one).")
    var algorithm: String?

    @Option(help: "Threads of each rank (default: LOCKSTEP_THREADS in the job's Environment, or 1).")
    var threads: Int?

    @Option(help: "Folder that gets events.jsonl, one line for each thing that happens.")
    var attemptDir: String?

    @Option(help: "Folder for the job's output, in place of OutputDataConfig.S3OutputPath.")
    var outputDir: String?

    @Option(help: "Name of the worker that this rank runs on.")
    var worker: String?

    @Option(
        name: .customLong("hot-state"),
        help: "Folder in this machine's shared memory that holds the last committed state.")
    var hotState: String?

    @Flag(help: "Rank 0 owns no data: it adds up, holds the state, writes checkpoints and reports.")
    var keeper = false

    @Option(
        help: "Ranks with data that are enough: where the MPI can, the world goes on without ranks that die.")
    var minRanks: Int?

    func run(_ algorithms: AlgorithmList) throws {
        let (path, isSupervised, output) = (job, attemptDir != nil, outputDir)
        let options = RankProgram.Options(
            algorithm: algorithm, threads: threads, attemptFolder: attemptDir, worker: worker ?? "",
            hotStateFolder: hotState ?? "", hasKeeper: keeper, minimumRanks: minRanks
        ) {
            try HandedJob.read(path, isSupervised: isSupervised, outputFolder: output)
        }
        let program = RankProgram(
            options, algorithms: algorithms, coreType: LinearAlgebra.prepare().coreType)
        let status = MPIWorld.run { try program.run($0) }
        guard status == 0 else { throw ExitCode(status) }
    }
}
