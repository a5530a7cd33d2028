import Diagnostics
package import Tensors

/// Records that can be loaded in ranges: a channel, or IDX files.
package protocol RecordSource: AnyObject {
    var recordCount: Int { get }
    /// Width of a row.
    var featureCount: Int { get }
    var isSparse: Bool { get }
    /// Labels a row: 0 or 1.
    var labelCount: Int { get }
    /// What people should know, though the records can be read.
    var remarks: [String] { get }
    /// Stored values of the records of `range`, or a little more.
    func entryBound(_ range: Range<Int>) -> Int
    /// - Throws: `LockstepError(.data)` naming the place of what is wrong.
    func load(_ range: Range<Int>) throws -> Records
}

extension DataChannel: RecordSource {}

extension RecordSource {
    /// Calls `body` with all records, piece by piece in order; a piece is some MiB at most, or one record.
    ///
    /// - Parameter widest: numbers that a record becomes, where that is more than it stores.
    func forEachPiece(
        of range: Range<Int>, widest: Int = 0, _ body: (Records) throws -> Void
    ) throws {
        let entries = 1 << 21
        let rows = max(1, min(4096, entries / max(widest, 1)))
        var start = range.lowerBound
        while start < range.upperBound {
            var end = min(start + rows, range.upperBound)
            while end - start > 1, entryBound(start..<end) > entries { end = start + (end - start) / 2 }
            try body(try load(start..<end))
            start = end
        }
    }
}

/// A source with its labels replaced by those of another.
final class RelabelledSource: RecordSource {
    private let features: any RecordSource
    private let labels: any RecordSource

    /// - Parameters:
    ///   - labels: one column and no labels of its own, as many records as `features`.
    ///   - name: of the file with the labels, for errors.
    init(features: any RecordSource, labels: any RecordSource, name: String) throws {
        self.features = features
        self.labels = labels
        guard labels.featureCount == 1, labels.labelCount == 0, !labels.isSparse else {
            throw LockstepError(.data, "\(name) holds \(labels.featureCount) numbers a row; labels are one")
        }
        guard labels.recordCount == features.recordCount else {
            throw LockstepError(
                .data, "\(name) holds \(labels.recordCount) labels for \(features.recordCount) records")
        }
    }

    var recordCount: Int { features.recordCount }
    var featureCount: Int { features.featureCount }
    var isSparse: Bool { features.isSparse }
    var labelCount: Int { 1 }
    var remarks: [String] { features.remarks }

    func entryBound(_ range: Range<Int>) -> Int { features.entryBound(range) }

    func load(_ range: Range<Int>) throws -> Records {
        let records = try features.load(range)
        guard case .dense(let column) = try labels.load(range).features else { return records }
        return Records(features: records.features, labels: column.values)
    }
}
