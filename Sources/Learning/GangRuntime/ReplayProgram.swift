import Checkpoints
import ClusterTypes
public import Collectives
public import Diagnostics
import Foundation
import JobSpecs
public import Training

/// One rank that takes steps of an earlier job again, without writing anything.
///
/// What the job was is told by its own files: the specification in its history, and for jobs of earlier
/// releases the identity in its model or checkpoints.
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
            let found = try share(communicator, vote)
            let identity = found.identity
            let plan = try vote.together {
                try JobPlan(
                    found.job, algorithm: try algorithms.algorithm(for: found.job.work),
                    locations: JobLocations(
                        jobFolder: options.jobFolder, checkpointFolder: found.checkpointFolder),
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

    /// What the job's files tell of it.
    private struct Found: Codable {
        var identity: JobIdentity
        var job: JobSpec
        var checkpointFolder: String
    }

    /// Read by rank 0, and sent to all.
    private func share(_ communicator: any Communicator, _ vote: GangVote) throws -> Found {
        let json = try vote.together { () -> [UInt8] in
            communicator.rank == 0 ? [UInt8](try JSONEncoder().encode(try find())) : []
        }
        let all = try communicator.broadcast(bytes: json, root: 0)
        return try JSONDecoder().decode(Found.self, from: Data(all))
    }

    private func find() throws -> Found {
        let locations = try StoredJob.locations(
            of: options.jobFolder, checkpointFolder: options.checkpointFolder)
        guard let identity = try JobVerifier(locations).identity() else {
            throw LockstepError(
                .notFound,
                "\(options.jobFolder) has neither a model nor a checkpoint that tells what the job was")
        }
        let name = JobName((options.jobFolder as NSString).lastPathComponent)
        let job = try StoredJob.read(in: locations.historyFolder) ?? JobSpec(name: name, identity)
        return Found(identity: identity, job: job, checkpointFolder: locations.checkpointFolder)
    }
}
