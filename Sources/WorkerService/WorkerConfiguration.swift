package import ClusterTypes
import Glibc
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

    /// SageMaker's time between the stop signal and the end by force.
    package static let defaultGraceSeconds = 120.0

    package init(
        coordinatorHost: String, coordinatorPort: Int, worker: WorkerID, slots: Int, dataFolder: String,
        tokenFile: String, address: String, trainProgram: String, daemonProgram: String,
        endsGangsOnExit: Bool = false, graceSeconds: Double = defaultGraceSeconds,
        kind: WorkerKind = .onDemand, hotStateRoot: String = HotStateFolder.defaultRoot,
        notices: [SpotNoticeSource] = [], noticeSeconds: Double = 5, programs: WorkerSettings? = nil,
        images: [String: String] = [:]
    ) {
        self.programs =
            programs
            ?? WorkerSettings(worker: worker.rawValue, slots: slots, scratch: dataFolder + "/scratch")
        self.images = images
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
    var settingsFile: String { dataFolder + "/worker.json" }
    var lockFile: String { dataFolder + "/worker.lock" }
    var leaseFile: String { dataFolder + "/lease" }

    /// Leaves the daemon's process id in `registered`, for whoever waits until the worker is there.
    func noteRegistration() {
        // Only a convenience for scripts: a full disk shall not keep the worker from its work.
        try? AtomicFile.write(Array("\(getpid())\n".utf8), to: dataFolder + "/registered")
    }
}
