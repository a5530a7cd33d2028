public import AlgorithmCatalog
import ClusterTypes
public import Collectives
import Diagnostics
import Foundation
import SageMakerShapes
public import Training

/// One rank of a gang: reads the job, trains it, and turns the end into an exit status.
public struct RankProgram {
    /// What the command line says.
    public struct Options: Sendable {
        /// Job file, YAML or JSON; rank 0 reads it.
        public var jobPath: String
        /// Threads of each rank; `nil`: as the job says.
        public var threads: Int?
        /// Folder for `events.jsonl`; `nil`: no events.
        public var attemptFolder: String?
        /// Takes the place of OutputDataConfig.S3OutputPath.
        public var outputFolder: String?
        /// Name of the worker that the rank runs on; empty outside of a cluster.
        public var worker: String
        /// Folder in the node's shared memory for the hot state; empty: none.
        public var hotStateFolder: String
        /// Whether rank 0 is a state keeper.
        public var hasKeeper: Bool

        public init(
            jobPath: String, threads: Int? = nil, attemptFolder: String? = nil, outputFolder: String? = nil,
            worker: String = "", hotStateFolder: String = "", hasKeeper: Bool = false
        ) {
            self.worker = worker
            self.hotStateFolder = hotStateFolder
            self.hasKeeper = hasKeeper
            self.jobPath = jobPath
            self.threads = threads
            self.attemptFolder = attemptFolder
            self.outputFolder = outputFolder
        }
    }

    private let options: Options
    private let coreType: String
    private let find: (String) throws -> any Algorithm.Type

    /// - Parameters:
    ///   - coreType: kernel set of the linear algebra library on this machine.
    ///   - find: the algorithm of a name; the built-ins but in tests.
    public init(
        _ options: Options, coreType: String,
        find: @escaping (String) throws -> any Algorithm.Type = AlgorithmCatalog.requireType(named:)
    ) {
        self.options = options
        self.coreType = coreType
        self.find = find
    }

    /// Trains. Collective.
    ///
    /// - Parameters:
    ///   - stop: `nil`: SIGTERM and SIGUSR1 ask for a stop.
    ///   - output: takes rank 0's log lines; standard output where `nil`.
    ///   - complain: takes the one line about an error, and warnings; standard error where `nil`.
    /// - Returns: the exit status of an end that all ranks share; an error among them is reported by
    ///   one rank.
    /// - Throws: an error of this rank alone. The caller must end the world.
    public func run(
        _ communicator: any Communicator, stop: StopFlag? = nil, output: ((String) -> Void)? = nil,
        complain: ((String) -> Void)? = nil
    ) throws -> Int32 {
        let activity = RankActivity()
        let watchdog = Watchdog.start(activity)
        defer { watchdog?.end() }
        let communicator = ActiveCommunicator(communicator, activity)
        let vote = GangVote(communicator)
        let stop = stop ?? StopSignals.install()
        var events: EventLog?
        do {
            events = try vote.together { try openEvents(rank: communicator.rank) }
            let request = try shareRequest(communicator, vote)
            let plan = try vote.together {
                try JobPlan(request, threads: options.threads, coreType: coreType, find: find)
            }
            let reporter = TrainingReporter(
                rank: communicator.rank, events: events, output: output ?? StandardStreams.output,
                complain: complain ?? StandardStreams.error)
            let loop = TrainingLoop(
                plan.training, algorithm: plan.algorithm, communicator: communicator, vote: vote,
                reporter: reporter, stop: stop, setting: try setting(),
                activity: activity)
            switch try loop.run() {
            case .completed: return RankExit.completed
            case .stopped: return RankExit.stopped
            }
        } catch {
            events?.emit(.failed) {
                $0.code = (error as? LockstepError)?.code.rawValue ?? LockstepError.Code.bug.rawValue
                $0.message = String(describing: error)
                $0.rank = communicator.rank
                $0.step = communicator.step
                if !vote.divergedWorkers.isEmpty || (error as? LockstepError)?.code == .diverged {
                    $0.workers = vote.divergedWorkers
                }
            }
            guard let shared = vote.sharedFailure else { throw error }
            if vote.isReporter { (complain ?? StandardStreams.error)("lockstep-train: \(shared)") }
            return shared.code.exitCode
        }
    }

    /// What the command line and the environment tell this rank about itself.
    private func setting() throws -> RankSetting {
        let environment = ProcessInfo.processInfo.environment
        return RankSetting(
            worker: options.worker, hotStateFolder: options.hotStateFolder, hasKeeper: options.hasKeeper,
            attempt: options.attemptFolder.flatMap { Int(($0 as NSString).lastPathComponent) },
            fault: try environment[InjectedFault.variable].map { try InjectedFault($0) })
    }

    private func openEvents(rank: Int) throws -> EventLog? {
        guard rank == 0, let folder = options.attemptFolder else { return nil }
        return try EventLog(folder: folder)
    }

    /// The request, read by rank 0 and sent to all: other nodes may not have the file.
    private func shareRequest(
        _ communicator: any Communicator, _ vote: GangVote
    ) throws -> CreateTrainingJobRequest {
        let json = try vote.together {
            communicator.rank == 0 ? [UInt8](try readRequest()) : []
        }
        let all = try communicator.broadcast(bytes: json, root: 0)
        return try JSONDecoder().decode(CreateTrainingJobRequest.self, from: Data(all))
    }

    private func readRequest() throws -> Data {
        var file = try JobFile(path: options.jobPath)
        if file.name == nil { file.setName(Self.name(fromPath: options.jobPath)) }
        var request = try file.request()
        if let folder = options.outputFolder {
            let absolute =
                folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
            request.outputDataConfig = OutputDataConfig(s3OutputPath: "file://" + absolute)
        }
        return try JSONEncoder().encode(request)
    }

    /// A name for a job without one: its file's, so that the job finds its checkpoints again.
    static func name(fromPath path: String) -> String {
        let base = path.split(separator: "/").last?.split(separator: ".").first ?? "job"
        let letters = base.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(letters.prefix(63)).split(separator: "-").joined(separator: "-")
        return trimmed.isEmpty ? "job" : trimmed
    }
}
