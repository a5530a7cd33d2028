import ClusterTypes
public import StorageLocations

extension JobSpec {
    /// Where a job's results go.
    public struct Locations: Codable, Sendable, Equatable {
        /// The folder that gets a folder named for the job.
        public var output: StorageLocation
        /// `nil`: in the job's folder.
        public var checkpoints: StorageLocation?
        /// Where a program sees its checkpoints; `nil`: where SageMaker has them.
        public var checkpointMount: String?

        public init(
            output: StorageLocation, checkpoints: StorageLocation? = nil, checkpointMount: String? = nil
        ) {
            self.output = output
            self.checkpoints = checkpoints
            self.checkpointMount = checkpointMount
        }

        /// The request's members that say where, for messages.
        public static let outputField = "OutputDataConfig.S3OutputPath"
        public static let checkpointField = "CheckpointConfig.S3Uri"
    }
}

/// Where a job's files lie, derived from its specification in one place.
public struct JobLocations: Sendable, Equatable {
    /// `S3OutputPath/JOB`.
    public let jobFolder: String
    /// `S3OutputPath/JOB/output/model.tar.gz`: SageMaker's ModelArtifacts.S3ModelArtifacts.
    public var modelArtifact: String { jobFolder + "/output/model.tar.gz" }
    /// CheckpointConfig.S3Uri, or `S3OutputPath/JOB/checkpoints`.
    public let checkpointFolder: String

    /// - Throws: `LockstepError(.configuration)` naming the field whose place is on no file system.
    public init(_ job: JobSpec) throws {
        let output = try job.locations.output.path(field: JobSpec.Locations.outputField)
        jobFolder = output + "/" + job.name.rawValue
        checkpointFolder =
            try job.locations.checkpoints?.path(field: JobSpec.Locations.checkpointField)
            ?? jobFolder + "/checkpoints"
    }

    /// Locations of a job known by its folder alone.
    ///
    /// - Parameter checkpointFolder: `nil`: where it lies by default.
    public init(jobFolder: String, checkpointFolder: String? = nil) {
        self.jobFolder = jobFolder
        self.checkpointFolder = checkpointFolder ?? jobFolder + "/checkpoints"
    }
}
