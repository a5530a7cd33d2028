import Diagnostics
public import JobSpecs
import Storage

/// `history/chain.bin` of a job: every commit since its first step, over all attempts.
///
/// A 64-byte header (magic `LOCKCHN1`, step of the first record, digest before it as 32 bytes, zeros),
/// then one 32-byte record a commit. It is evidence, not needed to train: when it is lost or does not
/// fit the checkpoint that a job resumes from, it is set aside and a new one begins there.
public struct CommitHistory: Sendable, Equatable {
    /// Name in the history folder.
    public static let fileName = "chain.bin"
    /// Folder of a job's history, in the job's folder.
    public static let folderName = "history"
    static let headerByteCount = 64
    private static let magic = [UInt8]("LOCKCHN1".utf8)

    /// Digest of the commits before the first record.
    public let digestBefore: ChainDigest
    /// One a step, without gaps.
    public private(set) var records: [CommitRecord]
    /// Step of the first record, or of the one that will come first.
    public let firstStep: Int

    init(digestBefore: ChainDigest, records: [CommitRecord], firstStep: Int = 0) {
        self.digestBefore = digestBefore
        self.records = records
        self.firstStep = records.first?.step ?? firstStep
    }

    /// Steps that are recorded; empty when there is none.
    public var steps: Range<Int> { firstStep..<firstStep + records.count }

    /// The record of the state after `step` steps.
    public subscript(step: Int) -> CommitRecord? {
        steps.contains(step) ? records[step - steps.lowerBound] : nil
    }

    /// Digest of all commits up to `step`, that one included; `nil` when it is neither recorded nor the
    /// one before the first record.
    public func digest(upTo step: Int) -> ChainDigest? {
        if step == firstStep - 1 { return digestBefore }
        guard steps.contains(step) else { return nil }
        var digest = digestBefore
        for record in records.prefix(step - steps.lowerBound + 1) { digest.advance(by: record) }
        return digest
    }

    static func header(firstStep: Int, digestBefore: ChainDigest) -> [UInt8] {
        let words = magic + Words.encode([UInt64(firstStep)]) + digestBefore.bytes
        return words + [UInt8](repeating: 0, count: headerByteCount - words.count)
    }

    /// The file's bytes.
    var encoded: [UInt8] {
        var bytes = Self.header(firstStep: steps.lowerBound, digestBefore: digestBefore)
        for record in records { bytes += record.encoded }
        return bytes
    }

    /// Reads a job's history. A record cut short at the end is passed over: it was never synchronised.
    ///
    /// - Throws: `LockstepError(.notFound)` without one, `.damaged` naming the first record that does
    ///   not follow the one before it.
    public init(reading path: String) throws {
        try self.init(decoding: AtomicFile.read(path), source: path)
    }

    init(decoding bytes: [UInt8], source: String) throws {
        let (first, digest) = try Self.readHeader(bytes, source: source)
        var records: [CommitRecord] = []
        records.reserveCapacity((bytes.count - Self.headerByteCount) / CommitRecord.byteCount)
        var offset = Self.headerByteCount
        while offset + CommitRecord.byteCount <= bytes.count {
            let record = CommitRecord(decoding: bytes[offset..<offset + CommitRecord.byteCount])
            guard let record, record.step == first + records.count,
                record.samples >= records.last?.samples ?? 0, record.world > 0
            else {
                throw LockstepError(
                    .damaged,
                    "record \(records.count) at byte \(offset) of \(source) does not follow the one before it"
                )
            }
            records.append(record)
            offset += CommitRecord.byteCount
        }
        self.init(digestBefore: digest, records: records, firstStep: first)
    }

    /// Step of the first record, and the digest before it.
    static func readHeader(_ bytes: [UInt8], source: String) throws -> (Int, ChainDigest) {
        guard bytes.count >= headerByteCount, Array(bytes.prefix(8)) == magic,
            let first = Int(exactly: Words.decode(bytes[8..<16])[0]),
            bytes[48..<headerByteCount].allSatisfy({ $0 == 0 })
        else { throw LockstepError(.damaged, "\(source) does not begin as a commit history does") }
        return (first, ChainDigest(bytes: [UInt8](bytes[16..<48])))
    }
}

extension JobLocations {
    /// `S3OutputPath/JOB/history`: the job's commits and attempts.
    public var historyFolder: String { jobFolder + "/" + CommitHistory.folderName }
}
