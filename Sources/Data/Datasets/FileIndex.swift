/// A place in a file where reading can start: the beginning of a record.
struct Checkpoint: Sendable, Equatable {
    /// Index in the file of the record that starts here.
    var record: Int
    /// Uncompressed bytes before it.
    var offset: Int
    /// Its line, from 1; 0 in a binary format.
    var line: Int
    /// Stored entries of the records before it, in a sparse format.
    var entries: Int

    /// Bytes between two checkpoints, at least: what a rank may have to skip to reach its records.
    static let spacing = 1 << 16
}

/// What is known of a file after one pass over it.
struct FileIndex: Sendable, Equatable {
    var recordCount = 0
    /// Fields of a CSV row; features of a dense record; largest feature index + 1 of sparse ones.
    var width = 0
    /// Where the width was found: a line, or a record in a binary format.
    var widthPlace = 0
    /// Ascending; the first one is the first record.
    var checkpoints: [Checkpoint] = []
    /// Stored entries of all records, in a sparse format.
    var entryCount = 0
    /// Whether some record is sparse, and whether some record is dense. A row of zeros may be neither.
    var hasSparse = false
    var hasDense = false
    /// Labels a record: 0 or 1.
    var labelCount = 0
    /// Bytes on disk, and their SHA-256; empty where nobody asked for it.
    var byteCount = 0
    var sha256: [UInt8] = []

    /// Notes that a record starts at `place`.
    @inline(__always)
    mutating func addRecord(offset: Int, line: Int) {
        if checkpoints.isEmpty || offset - checkpoints[checkpoints.count - 1].offset >= Checkpoint.spacing {
            checkpoints.append(
                Checkpoint(record: recordCount, offset: offset, line: line, entries: entryCount))
        }
        recordCount += 1
    }

    /// The last checkpoint at or before `record`.
    func checkpoint(before record: Int) -> Checkpoint {
        var (low, high) = (0, checkpoints.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if checkpoints[middle].record <= record { low = middle } else { high = middle }
        }
        return checkpoints[low]
    }

    /// Entries of the records of `range`, or a little more.
    func entryBound(_ range: Range<Int>) -> Int {
        // The first checkpoint at or behind the end.
        var (low, high) = (0, checkpoints.count)
        while low < high {
            let middle = (low + high) / 2
            if checkpoints[middle].record < range.upperBound { low = middle + 1 } else { high = middle }
        }
        let after = low < checkpoints.count ? checkpoints[low].entries : entryCount
        return after - checkpoint(before: range.lowerBound).entries
    }
}

extension FileIndex: ByteCodable {
    func encode(to bytes: inout ByteEncoder) {
        let flags = (hasSparse ? 1 : 0) + (hasDense ? 2 : 0)
        for value in [recordCount, width, widthPlace, entryCount, flags, labelCount, byteCount] {
            bytes.put(value)
        }
        bytes.put(sha256)
        bytes.put(checkpoints.count)
        for checkpoint in checkpoints {
            bytes.put(checkpoint.record)
            bytes.put(checkpoint.offset)
            bytes.put(checkpoint.line)
            bytes.put(checkpoint.entries)
        }
    }

    init(from bytes: inout ByteDecoder) throws {
        recordCount = try bytes.integer()
        width = try bytes.integer()
        widthPlace = try bytes.integer()
        entryCount = try bytes.integer()
        let flags = try bytes.integer()
        (hasSparse, hasDense) = (flags & 1 != 0, flags & 2 != 0)
        labelCount = try bytes.integer()
        byteCount = try bytes.integer()
        sha256 = try bytes.array()
        checkpoints = try (0..<bytes.integer()).map { _ in
            try Checkpoint(
                record: bytes.integer(), offset: bytes.integer(), line: bytes.integer(),
                entries: bytes.integer())
        }
    }
}
