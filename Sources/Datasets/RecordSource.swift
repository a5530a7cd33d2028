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
    /// - Throws: `LockstepError(.data)` naming the place of what is wrong.
    func load(_ range: Range<Int>) throws -> Records
}

extension DataChannel: RecordSource {}

extension RecordSource {
    /// Calls `body` with all records, piece by piece in order; a piece is some MiB at most.
    func forEachPiece(of range: Range<Int>, _ body: (Records) throws -> Void) throws {
        let rowsAPiece = isSparse ? 4096 : max(1, min(4096, (1 << 21) / max(featureCount, 1)))
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + rowsAPiece, range.upperBound)
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

    func load(_ range: Range<Int>) throws -> Records {
        let records = try features.load(range)
        guard case .dense(let column) = try labels.load(range).features else { return records }
        return Records(features: records.features, labels: column.values)
    }
}
