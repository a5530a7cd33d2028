import AlgorithmSpecs
import ClusterTypes
public import Collectives
import Diagnostics
import Foundation
public import JobSpecs
public import Training

/// One rank of a gang: reads the job, trains it, and turns the end into an exit status.
public struct RankProgram {
    /// What the command line says.
    public struct Options: Sendable {
        /// Reads the job; rank 0 does.
        public var readJob: @Sendable () throws -> JobSpec
        /// Name of the algorithm; `nil`: as the job says.
        public var algorithm: String?
        /// Threads of each rank; `nil`: as the job says.
        public var threads: Int?
        /// Folder for `events.jsonl`; `nil`: no events.
        public var attemptFolder: String?
        /// Name of the worker that the rank runs on; empty outside of a cluster.
        public var worker: String
        /// Folder in the node's shared memory for the hot state; empty: none.
        public var hotStateFolder: String
        /// Whether rank 0 is a state keeper.
        public var hasKeeper: Bool
        /// Ranks with data that are enough to go on when others die; `nil`: all are needed.
        public var minimumRanks: Int?

        public init(
            algorithm: String? = nil, threads: Int? = nil, attemptFolder: String? = nil,
            worker: String = "", hotStateFolder: String = "", hasKeeper: Bool = false,
            minimumRanks: Int? = nil, readJob: @escaping @Sendable () throws -> JobSpec
        ) {
            self.readJob = readJob
            self.algorithm = algorithm
            self.worker = worker
            self.hotStateFolder = hotStateFolder
            self.hasKeeper = hasKeeper
            self.minimumRanks = minimumRanks
            self.threads = threads
            self.attemptFolder = attemptFolder
        }
    }

    private let options: Options
    private let coreType: String
    private let algorithms: AlgorithmList

    /// - Parameters:
    ///   - algorithms: those that a job may ask for.
    ///   - coreType: kernel set of the linear algebra library on this machine.
    public init(_ options: Options, algorithms: AlgorithmList, coreType: String) {
        self.options = options
        self.algorithms = algorithms
        self.coreType = coreType
    }

    /// Trains, and goes on without ranks that die where the MPI and the job allow it. Collective.
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
        // First: the first pulse tells the supervisor that a stop signal is understood.
        let stop = stop ?? StopSignals.install()
        let watchdog = Watchdog.start(activity)
        defer { watchdog?.end() }
        let voices = Voices(
            output: output ?? StandardStreams.output, complain: complain ?? StandardStreams.error)
        var world: any Communicator = ActiveCommunicator(communicator, activity)
        var events: EventLog?
        var isFirst = true
        while true {
            let vote = GangVote(world)
            do {
                if isFirst { events = try vote.together { try openEvents(rank: world.rank) } }
                isFirst = false
                return try train(world, vote, events, stop, activity, voices)
            } catch {
                if vote.sharedFailure == nil, let smaller = try withoutTheDead(world, after: error, events) {
                    world = smaller
                    continue
                }
                events?.emit(.failed) { describe(error, vote, world, in: &$0) }
                guard let shared = vote.sharedFailure else { throw error }
                if vote.isReporter { voices.complain("\(ProgramName.own): \(shared)") }
                return shared.code.exitCode
            }
        }
    }

    /// Where lines for people go.
    private struct Voices {
        var output: (String) -> Void
        var complain: (String) -> Void
    }

    private func train(
        _ world: any Communicator, _ vote: GangVote, _ events: EventLog?, _ stop: StopFlag,
        _ activity: RankActivity, _ voices: Voices
    ) throws -> Int32 {
        var job = try shareJob(world, vote)
        let plan = try vote.together {
            let algorithm =
                try options.algorithm.map { try algorithms.named($0) } ?? algorithms.algorithm(for: job.work)
            // A replay must not depend on what else this program has.
            job.work.algorithm = algorithm.spec.name
            return try JobPlan(job, algorithm: algorithm, threads: options.threads, coreType: coreType)
        }
        let reporter = TrainingReporter(
            rank: world.rank, events: events, output: voices.output, complain: voices.complain)
        let loop = TrainingLoop(
            plan.training, algorithm: plan.algorithm, communicator: world, vote: vote, reporter: reporter,
            stop: stop, setting: try setting(), activity: activity)
        switch try loop.run() {
        case .completed: return RankExit.completed
        case .stopped: return RankExit.stopped
        }
    }

    private func describe(
        _ error: any Error, _ vote: GangVote, _ world: any Communicator, in event: inout TrainingEvent
    ) {
        event.code = (error as? LockstepError)?.code.rawValue ?? LockstepError.Code.bug.rawValue
        event.message = String(describing: error)
        event.rank = world.rank
        event.step = world.step
        if !vote.divergedWorkers.isEmpty || (error as? LockstepError)?.code == .diverged {
            event.workers = vote.divergedWorkers
        }
    }

    /// The world of the survivors after a call to the other ranks has failed; `nil` where nobody may go on
    /// without them. Rank 0 must be among them, because the job's events and logs are kept where it runs;
    /// and there must be enough of them. Otherwise the world ends, and another attempt begins.
    private func withoutTheDead(
        _ world: any Communicator, after error: any Error, _ events: EventLog?
    ) throws -> (any Communicator)? {
        guard let minimum = options.minimumRanks, (error as? LockstepError)?.code == .network else {
            return nil
        }
        let rank = world.rank
        var current = world
        while let smaller = try current.survivors() {
            do {
                let old = try smaller.allGather([UInt8](try JSONEncoder().encode([rank])))
                    .map { try JSONDecoder().decode([Int].self, from: Data($0))[0] }
                let workers = try smaller.allGather([UInt8](options.worker.utf8))
                    .map { String(decoding: $0, as: UTF8.self) }
                guard old[0] == 0, smaller.size - (options.hasKeeper ? 1 : 0) >= minimum else {
                    smaller.abort(code: RankExit.bereft)
                }
                events?.emit(.shrunk) {
                    $0.world = smaller.size
                    $0.workers = workers
                    $0.step = smaller.step
                }
                return smaller
            } catch let error as LockstepError where error.code == .network {
                // Another rank has died meanwhile.
                current = smaller
            }
        }
        return nil
    }

    /// What the command line and the environment tell this rank about itself.
    private func setting() throws -> RankSetting {
        let environment = ProcessInfo.processInfo.environment
        return RankSetting(
            worker: options.worker, hotStateFolder: options.hotStateFolder, hasKeeper: options.hasKeeper,
            attempt: options.attemptFolder.flatMap { Int(($0 as NSString).lastPathComponent) },
            attemptFolder: options.attemptFolder,
            fault: try environment[InjectedFault.variable].map { try InjectedFault($0) })
    }

    private func openEvents(rank: Int) throws -> EventLog? {
        guard rank == 0, let folder = options.attemptFolder else { return nil }
        return try EventLog(folder: folder)
    }

    /// The job, read by rank 0 and sent to all: other nodes may not have the file.
    private func shareJob(_ communicator: any Communicator, _ vote: GangVote) throws -> JobSpec {
        let text = try vote.together { communicator.rank == 0 ? try options.readJob().encoded() : [] }
        return try JobSpec(
            decoding: communicator.broadcast(bytes: text, root: 0), source: "the job that rank 0 has sent")
    }
}
