/// An open file of a channel, read forward record by record.
protocol FileCursor: AnyObject {
    /// Index in the file of the record that is read next.
    var nextRecord: Int { get }
    /// Goes to a record start that the index knows.
    func move(to checkpoint: Checkpoint) throws
    /// Passes over `count` records.
    func skip(_ count: Int) throws
    /// Reads `count` records into rows of the channel's width.
    ///
    /// - Parameter labels: `nil` when the channel has none.
    func readDense(
        _ count: Int, into rows: UnsafeMutablePointer<Float>, labels: UnsafeMutablePointer<Float>?) throws
    /// Appends `count` records to `rows`.
    func readSparse(_ count: Int, into rows: SparseRows) throws
}

/// Rows of a sparse matrix while they are read.
final class SparseRows {
    private(set) var rowOffsets: [Int] = [0]
    private(set) var columnIndices: [Int32] = []
    private(set) var values: [Float] = []
    private(set) var labels: [Float] = []

    init(rows: Int, entries: Int) {
        rowOffsets.reserveCapacity(rows + 1)
        columnIndices.reserveCapacity(entries)
        values.reserveCapacity(entries)
        labels.reserveCapacity(rows)
    }

    @inline(__always)
    func addEntry(column: Int32, value: Float) {
        columnIndices.append(column)
        values.append(value)
    }
    func addLabel(_ label: Float) { labels.append(label) }
    func endRow() { rowOffsets.append(values.count) }
}
