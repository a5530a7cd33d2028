/// What a program on a worker's node may use: a file that the worker daemon writes, named by a variable
/// in the environment of everything it starts.
public struct WorkerSettings: Codable, Sendable, Equatable {
    /// Variable that names the file.
    public static let variable = "LOCKSTEP_WORKER_FILE"

    public var worker: String
    /// The worker's slots; a host gets that share of the node's cores and of `memoryBytes`.
    public var slots: Int
    /// Memory for all programs of the worker; 0: no limit.
    public var memoryBytes: Int
    /// Folder for the `/opt/ml` trees.
    public var scratch: String
    /// Folder in shared memory, empty where there is none.
    public var sharedMemory: String
    /// The worker's lease (`LeaseClock`); `nil`: there is none to keep to.
    public var leaseFile: String?
    /// User that programs run as when the daemon is root; empty: as the daemon.
    public var runAs: String

    public init(
        worker: String, slots: Int, memoryBytes: Int = 0, scratch: String, sharedMemory: String = "",
        runAs: String = ""
    ) {
        self.worker = worker
        self.slots = slots
        self.memoryBytes = memoryBytes
        self.scratch = scratch
        self.sharedMemory = sharedMemory
        self.runAs = runAs
    }
}
