public import Collectives
import Diagnostics
public import Tensors

// CONTRACT between Datasets and its callers (Training, GangRuntime, the command line).

/// Where a channel's data lies and how to read it, before anything is opened.
public struct ChannelSource: Sendable, Equatable {
    /// `train`, `validation`, `test`.
    public var name: String
    /// A file, or a folder whose files (not starting with `.` or `_`) are read in order of name.
    public var path: String
    /// SageMaker's ContentType with parameters, `text/csv;label_size=1`; `nil`: told from file names
    /// and first bytes.
    public var contentType: String?
    /// SageMaker's CompressionType; gzip is also recognised by its magic bytes.
    public var compressionType: String?
    /// Labels a row when the content type does not say (1 supervised, 0 unsupervised).
    public var defaultLabelCount: Int
    /// Width of a row when known (`feature_dim`), else found in the data.
    public var featureCount: Int?

    public init(
        name: String, path: String, contentType: String? = nil, compressionType: String? = nil,
        defaultLabelCount: Int, featureCount: Int? = nil
    ) {
        self.name = name
        self.path = path
        self.contentType = contentType
        self.compressionType = compressionType
        self.defaultLabelCount = defaultLabelCount
        self.featureCount = featureCount
    }
}

/// An opened channel: its files indexed, its shape known, no records in memory yet.
///
/// Record order is file name order, then order in the file. Logical shard v of V is the contiguous
/// range `⌊v·N/V⌋ ..< ⌊(v+1)·N/V⌋`, so it depends on the data and V only.
public final class DataChannel: Sendable {
    public let source: ChannelSource
    public let recordCount: Int
    /// Width of a row.
    public let featureCount: Int
    public let isSparse: Bool
    /// Labels a row: 0 or 1.
    public let labelCount: Int

    init(
        source: ChannelSource, recordCount: Int, featureCount: Int, isSparse: Bool, labelCount: Int
    ) {
        self.source = source
        self.recordCount = recordCount
        self.featureCount = featureCount
        self.isSparse = isSparse
        self.labelCount = labelCount
    }

    /// Indexes the channel's files, divided among the ranks, and shares the index. Collective.
    ///
    /// - Throws: `LockstepError(.data)` or `(.notFound)`, the same on every rank, naming file, line
    ///   or byte offset; an empty channel is an error.
    public static func open(
        _ source: ChannelSource, communicator: any Communicator
    ) throws -> DataChannel {
        throw LockstepError(.bug, "placeholder")
    }

    /// Records of logical shard `index` of `count`.
    public func range(ofShard index: Int, of count: Int) -> Range<Int> {
        index * recordCount / count..<(index + 1) * recordCount / count
    }

    /// Reads the records of `range`, seeking by the index, straight into their matrix. Local.
    ///
    /// - Throws: `LockstepError(.data)` naming file, line and column (or record and byte offset).
    public func load(_ range: Range<Int>) throws -> Records {
        throw LockstepError(.bug, "placeholder")
    }
}
