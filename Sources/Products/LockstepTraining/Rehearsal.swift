import Collectives
import GangRuntime
import JobRequests
import LinearAlgebra
import Synchronization
public import Training

/// A training in this process, in a world whose ranks are threads: for an author's own tests.
///
/// Everything but MPI is as in a real run: files are read and written, checkpoints kept, sums exact. So
/// two rehearsals of one job into different folders, on different numbers of ranks, must agree on the
/// model's hash, and one that is run again goes on from its checkpoint.
public struct Rehearsal: Sendable {
    /// Exit status of a rank: 0 when the model is written, 75 when it was stopped.
    public let status: Int32
    /// What rank 0 printed, metrics among it.
    public let output: [String]
    /// The sentence about an error, and warnings.
    public let complaints: [String]

    /// 64 hex digits: hash of the model's tensors; `nil` when none was written.
    public var modelHash: String? {
        output.last { $0.hasPrefix("model-hash: ") }.map { String($0.dropFirst("model-hash: ".count)) }
    }

    /// Trains the job of a file.
    ///
    /// - Parameters:
    ///   - job: path of the job file.
    ///   - outputFolder: takes the place of OutputDataConfig.S3OutputPath.
    ///   - ranks: of the world.
    ///   - threads: of each rank.
    /// - Throws: an error that the ranks did not share: one outside of the context's sums, or a bug.
    public init(
        _ algorithms: any Algorithm.Type..., job: String, outputFolder: String, ranks: Int, threads: Int = 1
    ) throws {
        let list = AlgorithmList(algorithms)
        try list.check()
        let coreType = LinearAlgebra.prepare().coreType
        let options = RankProgram.Options(threads: threads) {
            try HandedJob.read(job, isSupervised: false, outputFolder: outputFolder)
        }
        let lines = Lines()
        let statuses = try LoopbackWorld.run(size: ranks) { communicator in
            try RankProgram(options, algorithms: list, coreType: coreType).run(
                communicator, stop: StopFlag(), output: { line in lines.output.withLock { $0.append(line) } },
                complain: { line in lines.complaints.withLock { $0.append(line) } })
        }
        status = statuses[0]
        output = lines.output.withLock { $0 }
        complaints = lines.complaints.withLock { $0 }
    }

    /// What all ranks said.
    private final class Lines: Sendable {
        let output = Mutex<[String]>([])
        let complaints = Mutex<[String]>([])
    }
}
