import Checkpoints
public import Collectives
public import Diagnostics
import Foundation
import SageMakerShapes
public import Training

/// One rank that takes steps of an earlier job again, without writing anything.
///
/// What the job was is told by its own files: the identity in its model or checkpoints has algorithm,
/// hyperparameters and channels.
public struct ReplayProgram {
    /// What the command line says.
    public struct Options: Sendable {
        /// The job's folder, `S3OutputPath/JOB`, absolute.
        public var jobFolder: String
        /// Folder of its checkpoints; `nil`: in the job's folder.
        public var checkpointFolder: String?
        /// Steps to take again.
        public var steps: ClosedRange<Int>
        /// Threads of each rank.
        public var threads: Int

        public init(jobFolder: String, checkpointFolder: String?, steps: ClosedRange<Int>, threads: Int) {
            self.jobFolder = jobFolder
            self.checkpointFolder = checkpointFolder
            self.steps = steps
            self.threads = threads
        }
    }

    private let options: Options
    private let coreType: String
    private let algorithms: AlgorithmList

    /// - Parameters:
    ///   - algorithms: those of this program; the job's must be among them.
    ///   - coreType: kernel set of the linear algebra library on this machine.
    public init(_ options: Options, algorithms: AlgorithmList, coreType: String) {
        self.options = options
        self.algorithms = algorithms
        self.coreType = coreType
    }

    /// Takes the steps. Collective.
    ///
    /// - Parameters:
    ///   - output: gets rank 0's lines: `from STEP`, then `STEP SAMPLES HASH` for each commit, and
    ///     `model HASH` behind the job's last.
    ///   - complain: gets the one line about an error.
    /// - Returns: the exit status of an end that all ranks share.
    public func run(
        _ communicator: any Communicator, output: (String) -> Void = StandardStreams.output,
        complain: (String) -> Void = StandardStreams.error
    ) throws -> Int32 {
        let vote = GangVote(communicator)
        do {
            let identity = try shareIdentity(communicator, vote)
            let plan = try vote.together {
                let request = try request(identity)
                return try JobPlan(
                    request, algorithm: try algorithms.algorithm(for: request.algorithmSpecification),
                    threads: options.threads, coreType: coreType)
            }
            let loop = TrainingLoop(
                plan.training, algorithm: plan.algorithm, communicator: communicator, vote: vote,
                reporter: TrainingReporter(rank: communicator.rank, events: nil), stop: StopFlag())
            var lines: [String] = []
            let (first, model) = try loop.replay(options.steps, identity: identity) { commit in
                let hash = CheckpointDescription.hexadecimal(commit.stateHash)
                lines.append("\(commit.step) \(commit.samples) \(hash)")
            }
            if let model { lines.append("model \(model)") }
            if communicator.rank == 0 { for line in ["from \(first)"] + lines { output(line) } }
            return 0
        } catch {
            guard let shared = vote.sharedFailure else { throw error }
            if vote.isReporter { complain("\(ProgramName.own): \(shared)") }
            return shared.code.exitCode
        }
    }

    /// The identity of the job, read by rank 0.
    private func shareIdentity(_ communicator: any Communicator, _ vote: GangVote) throws -> JobIdentity {
        let json = try vote.together { () -> [UInt8] in
            guard communicator.rank == 0 else { return [] }
            guard let identity = try JobVerifier(try locations()).identity() else {
                throw LockstepError(
                    .notFound,
                    "\(options.jobFolder) has neither a model nor a checkpoint that tells what the job was")
            }
            return [UInt8](try JSONEncoder().encode(identity))
        }
        let all = try communicator.broadcast(bytes: json, root: 0)
        return try JSONDecoder().decode(JobIdentity.self, from: Data(all))
    }

    private func locations() throws -> JobLocations { try JobLocations(try request(JobIdentity([:]))) }

    /// The request of a job with that identity, as far as it decides the mathematics.
    private func request(_ identity: JobIdentity) throws -> CreateTrainingJobRequest {
        let folder = options.jobFolder as NSString
        var request = CreateTrainingJobRequest(trainingJobName: folder.lastPathComponent)
        request.outputDataConfig = OutputDataConfig(
            s3OutputPath: "file://" + folder.deletingLastPathComponent)
        if let checkpoints = options.checkpointFolder {
            let config = try JSONEncoder().encode(["S3Uri": "file://" + checkpoints])
            request.checkpointConfig = try JSONDecoder().decode(CheckpointConfig.self, from: config)
        }
        var algorithm = AlgorithmSpecification()
        algorithm.algorithmName = identity.fields["algorithm"]
        request.algorithmSpecification = algorithm
        var hyperparameters: [String: String] = [:]
        var channels: [Channel] = []
        for (name, value) in identity.fields.sorted(by: { $0.key < $1.key }) {
            if name.hasPrefix("hyperparameter ") {
                hyperparameters[String(name.dropFirst("hyperparameter ".count))] = value
            } else if name.hasPrefix("channel "), name.hasSuffix(" path") {
                let role = String(name.dropFirst("channel ".count).dropLast(" path".count))
                var channel = Channel(channelName: role)
                channel.dataSource = DataSource()
                channel.dataSource?.s3DataSource = S3DataSource(s3Uri: "file://" + value)
                channel.contentType = identity.fields["channel \(role) content type"]
                channels.append(channel)
            }
        }
        request.hyperParameters = hyperparameters
        request.inputDataConfig = channels
        return request
    }
}
