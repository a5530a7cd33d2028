public import StorageLocations

extension JobSpec {
    /// A named input of a job. What its words are called in files that programs read is SageMaker's.
    public struct Channel: Codable, Sendable, Equatable {
        /// How a program gets a channel's data.
        public enum InputMode: String, Codable, Sendable {
            /// A copy of the host's own.
            case file = "File"
            /// The data itself, read-only.
            case fastFile = "FastFile"
            /// A stream.
            case pipe = "Pipe"
        }

        /// Which hosts get which files.
        public enum Distribution: String, Codable, Sendable {
            case fullyReplicated = "FullyReplicated"
            /// Each host its share.
            case sharded = "ShardedByS3Key"
        }

        /// What is around each record.
        public enum RecordWrapper: String, Codable, Sendable {
            case none = "None"
            case recordIO = "RecordIO"
        }

        public var name: String
        /// A file, a folder, or the beginning of names.
        public var location: StorageLocation
        public var inputMode: InputMode
        public var distribution: Distribution
        /// MIME type; `nil`: told by the files.
        public var contentType: String?
        /// Word for word; `nil`: told by the files.
        public var compressionType: String?
        public var recordWrapper: RecordWrapper

        public init(
            _ name: String, location: StorageLocation, inputMode: InputMode = .file,
            distribution: Distribution = .fullyReplicated, contentType: String? = nil,
            compressionType: String? = nil, recordWrapper: RecordWrapper = .none
        ) {
            self.name = name
            self.location = location
            self.inputMode = inputMode
            self.distribution = distribution
            self.contentType = contentType
            self.compressionType = compressionType
            self.recordWrapper = recordWrapper
        }

        /// The request's member that says where its data lie, for messages.
        public var field: String { "InputDataConfig channel \(name): S3DataSource.S3Uri" }
    }
}
