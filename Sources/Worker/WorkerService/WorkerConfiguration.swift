package import ClusterTypes
import Foundation
import Glibc
import Processes
package import ProgramContract
import Storage

/// All that a worker daemon is told.
package struct WorkerConfiguration: Sendable {
    package var coordinatorHost: String
    package var coordinatorPort: Int
    package var worker: WorkerID
    package var slots: Int
    package var dataFolder: String
    package var tokenFile: String
    /// Address of this node under which the other nodes reach it; launch agents connect to it.
    package var address: String
    /// The program of a rank.
    package var trainProgram: String
    /// The program that has the `supervise` and `launch-agent` commands.
    package var daemonProgram: String
    /// Whether gangs are to leave in good order when the daemon is told to end.
    package var endsGangsOnExit: Bool
    /// Time between a stop request and the end by force.
    package var graceSeconds: Double
    package var kind: WorkerKind
    /// Folder of a memory file system for hot states; empty: none.
    package var hotStateRoot: String
    /// Where to look for a notice that the node will be taken away.
    package var notices: [SpotNoticeSource]
    /// How often to look.
    package var noticeSeconds: Double
    /// What a job's own code may use here.
    package var programs: WorkerSettings
    /// Folders that values of TrainingImage stand for; empty: the node's own files.
    package var images: [String: String]
    /// Names of variables that reach jobs of another user, beside the usual ones.
    package var passedVariables: [String]
    /// Folders that jobs may name; empty: all.
    package var dataRoots: [String]
    /// What jobs of another user need on this node; `nil`: they run as this process, and need nothing.
    package var rooms: JobRooms?
    /// How long folders of attempts that are over are kept.
    package var retention: AttemptRetention

    /// SageMaker's time between the stop signal and the end by force.
    package static let defaultGraceSeconds = 120.0

    package init(
        coordinatorHost: String, coordinatorPort: Int, worker: WorkerID, slots: Int, dataFolder: String,
        tokenFile: String, address: String, trainProgram: String, daemonProgram: String,
        endsGangsOnExit: Bool = false, graceSeconds: Double = defaultGraceSeconds,
        kind: WorkerKind = .onDemand, hotStateRoot: String = HotStateFolder.defaultRoot,
        notices: [SpotNoticeSource] = [], noticeSeconds: Double = 5, programs: WorkerSettings? = nil,
        images: [String: String] = [:], passedVariables: [String] = [],
        dataRoots: [String] = [], retention: AttemptRetention = .standard
    ) {
        self.programs =
            programs
            ?? WorkerSettings(worker: worker.rawValue, slots: slots, scratch: dataFolder + "/scratch")
        self.images = images
        self.passedVariables = passedVariables
        self.dataRoots = dataRoots
        self.retention = retention
        self.coordinatorHost = coordinatorHost
        self.coordinatorPort = coordinatorPort
        self.worker = worker
        self.slots = slots
        self.dataFolder = dataFolder
        self.tokenFile = tokenFile
        self.address = address
        self.trainProgram = trainProgram
        self.daemonProgram = daemonProgram
        self.endsGangsOnExit = endsGangsOnExit
        self.graceSeconds = graceSeconds
        self.kind = kind
        self.hotStateRoot = hotStateRoot
        self.notices = notices
        self.noticeSeconds = noticeSeconds
    }

    var attempts: String { dataFolder + "/attempts" }
    /// `programs`, for the hosts of programs.
    var settingsFile: String { (rooms?.path ?? dataFolder) + "/worker.json" }
    var lockFile: String { dataFolder + "/worker.lock" }
    var leaseFile: String { dataFolder + "/lease" }

    /// What jobs may name in their requests.
    var access: DataRoots {
        DataRoots(
            roots: dataRoots,
            closed: [attempts, dataFolder + "/scratch", tokenFile] + (rooms.map { [$0.path] } ?? []))
    }

    /// The user that a job runs as; `nil`: as this process.
    func user(of job: JobName) throws -> JobUser? { try JobUser(programs.runAs, job: job.rawValue) }

    /// What of this process's environment a job of that user gets.
    func environment(for user: JobUser?) -> [String: String] {
        let own = GangCommand.scrub(ProcessInfo.processInfo.environment)
        return user == nil ? own : InheritedEnvironment.passed(own, more: passedVariables)
    }

    /// Leaves the daemon's process id in `registered`, for whoever waits until the worker is there.
    func noteRegistration() {
        // Only a convenience for scripts: a full disk shall not keep the worker from its work.
        try? AtomicFile.write(Array("\(getpid())\n".utf8), to: dataFolder + "/registered")
    }
}
