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
    /// Reads the records of `range`. Local; any thread.
    func load(_ range: Range<Int>) throws -> Records
}

extension DataChannel: OpenedChannel {}
