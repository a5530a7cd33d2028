public import JobSpecs

/// What every host of a program's gang needs to know: `plan.json` in the attempt's shared folder, written
/// by the supervisor before it starts the gang.
public struct ProgramPlan: Codable, Sendable, Equatable {
    /// One host a rank, in the order of ranks: SageMaker's `algo-1`, `algo-2`, …
    public struct Host: Codable, Sendable, Equatable {
        /// `algo-N`, N being the rank and one.
        public var name: String
        /// Address of the node it runs on.
        public var address: String
        /// Worker it runs on.
        public var worker: String
        public init(name: String, address: String, worker: String) {
            self.name = name
            self.address = address
            self.worker = worker
        }
    }

    public var job: JobSpec
    /// `script` or `mpi`.
    public var kind: ProgramKind
    /// Number of the attempt, from 1.
    public var attempt: Int
    public var hosts: [Host]
    /// Folder that TrainingImage stands for, which becomes the program's root; `nil`: the node's own.
    public var imageRoot: String?
    /// Time between SIGTERM and SIGKILL on a stop, in seconds.
    public var graceSeconds: Double
    /// Folder on shared storage for this attempt: what hosts leave for the supervisor.
    public var folder: String
    /// What tells this attempt from any other of the job; `nil`: nobody else can begin one.
    public var mark: String?

    public init(
        job: JobSpec, kind: ProgramKind, attempt: Int, hosts: [Host], imageRoot: String? = nil,
        graceSeconds: Double = 120, folder: String, mark: String? = nil
    ) {
        self.job = job
        self.kind = kind
        self.attempt = attempt
        self.hosts = hosts
        self.imageRoot = imageRoot
        self.graceSeconds = graceSeconds
        self.folder = folder
        self.mark = mark
    }

    /// The attempt's folder on shared storage.
    public static func folder(_ locations: JobLocations, attempt: Int) -> String {
        "\(locations.jobFolder)/programs/\(attempt)"
    }
    public var planFile: String { folder + "/plan.json" }
    /// What the hosts put into `/opt/ml/model`, merged: where two wrote the same file, the host of the
    /// lower number wins.
    public var modelFolder: String { folder + "/model" }
    /// What the hosts put into `/opt/ml/output/data`, merged.
    public var outputFolder: String { folder + "/output" }
}
