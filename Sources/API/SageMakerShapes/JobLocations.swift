import Diagnostics
import StorageLocations

/// Where a job's files lie, derived from its request in one place.
public struct JobLocations: Sendable, Equatable {
    /// `S3OutputPath/JOB`.
    public let jobFolder: String
    /// `S3OutputPath/JOB/output/model.tar.gz`: SageMaker's ModelArtifacts.S3ModelArtifacts.
    public var modelArtifact: String { jobFolder + "/output/model.tar.gz" }
    /// CheckpointConfig.S3Uri, or `S3OutputPath/JOB/checkpoints`.
    public let checkpointFolder: String

    /// - Throws: `LockstepError(.configuration)` naming the field whose URI is no `file://` URI.
    public init(_ request: CreateTrainingJobRequest) throws {
        guard let output = request.outputDataConfig?.s3OutputPath else {
            throw LockstepError(.configuration, "OutputDataConfig.S3OutputPath is missing")
        }
        jobFolder =
            try Self.path(ofFileURI: output, field: "OutputDataConfig.S3OutputPath") + "/"
            + request.trainingJobName
        if let uri = request.checkpointConfig?.s3Uri {
            checkpointFolder = try Self.path(ofFileURI: uri, field: "CheckpointConfig.S3Uri")
        } else {
            checkpointFolder = jobFolder + "/checkpoints"
        }
    }

    /// Locations of a job known by its folder alone: its checkpoints lie where they lie by default.
    public init(jobFolder: String) {
        self.jobFolder = jobFolder
        checkpointFolder = jobFolder + "/checkpoints"
    }

    /// Absolute path of a `file://` URI, encoded or not, without a slash at the end.
    ///
    /// - Throws: `LockstepError(.configuration)` naming `field` for any other URI.
    public static func path(ofFileURI uri: String, field: String) throws -> String {
        try FileURI(uri, field: field).path()
    }
}
