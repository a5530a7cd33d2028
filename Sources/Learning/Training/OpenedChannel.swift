public import Datasets
public import Tensors

/// An opened channel, as the training loop needs it: its shape, and records by range.
public protocol OpenedChannel: Sendable {
    var recordCount: Int { get }
    /// Width of a row.
    var featureCount: Int { get }
    var isSparse: Bool { get }
    /// Labels a row: 0 or 1.
    var labelCount: Int { get }
    /// What the channel's files held when it was opened, in order; empty where there are no files.
    var fileDigests: [FileDigest] { get }
    /// The place in the data that makes a row so wide, for errors.
    var widthPlace: String { get }
    /// What people should know of the data, though it can be read: one sentence each.
    var remarks: [String] { get }
    /// Reads the records of `range`. Local; any thread.
    func load(_ range: Range<Int>) throws -> Records
}

extension OpenedChannel {
    /// No files.
    public var fileDigests: [FileDigest] { [] }
    /// Unknown.
    public var widthPlace: String { "the data" }
    /// None.
    public var remarks: [String] { [] }
}

extension DataChannel: OpenedChannel {}
