/// The commits since the last durable one: what a history on shared storage still lacks.
public struct CommitTail: Sendable, Equatable {
    /// Step of the first record, or of the one that will come first.
    public private(set) var firstStep: Int
    /// Digest of the commits before it.
    public private(set) var digestBefore: ChainDigest
    /// One a step, without gaps.
    public private(set) var records: [CommitRecord]

    public init(firstStep: Int, digestBefore: ChainDigest, records: [CommitRecord] = []) {
        self.firstStep = firstStep
        self.digestBefore = digestBefore
        self.records = records
    }

    /// The tail of a job that has no commit yet.
    public init() { self.init(firstStep: 0, digestBefore: ChainDigest()) }

    /// Steps whose digest is known: the one before the first record, and those recorded.
    public var knownSteps: ClosedRange<Int> { firstStep - 1...firstStep - 1 + records.count }

    /// Takes a commit in, which must follow the last one.
    public mutating func append(_ record: CommitRecord) {
        precondition(record.step == knownSteps.upperBound + 1, "commit \(record.step) leaves a gap")
        records.append(record)
    }

    /// The record of the state after `step` steps.
    public subscript(step: Int) -> CommitRecord? {
        step >= firstStep && step < firstStep + records.count ? records[step - firstStep] : nil
    }

    /// Digest of all commits up to `step`, that one included; `nil` outside of `knownSteps`.
    public func digest(upTo step: Int) -> ChainDigest? {
        guard knownSteps.contains(step) else { return nil }
        return records.prefix(step - firstStep + 1).reduce(into: digestBefore) { $0.advance(by: $1) }
    }

    /// The tail that begins after `step`, which must be one of `knownSteps`; cut behind `last`.
    public func after(_ step: Int, through last: Int? = nil) -> CommitTail {
        precondition(knownSteps.contains(step), "step \(step) is not in the tail")
        let kept = records.dropFirst(step - firstStep + 1).prefix { $0.step <= last ?? .max }
        return CommitTail(
            firstStep: step + 1, digestBefore: digest(upTo: step) ?? digestBefore, records: Array(kept))
    }

    /// The bytes of a `chain.bin`.
    public var encoded: [UInt8] {
        var bytes = CommitHistory.header(firstStep: firstStep, digestBefore: digestBefore)
        bytes.reserveCapacity(bytes.count + records.count * CommitRecord.byteCount)
        for record in records { bytes += record.encoded }
        return bytes
    }

    /// Reads what `encoded` gave; a record cut short at the end is passed over.
    ///
    /// - Throws: `LockstepError(.damaged)` naming the first record that does not follow.
    public init(decoding bytes: [UInt8], source: String) throws {
        let (first, digest) = try CommitHistory.readHeader(bytes, source: source)
        let history = try CommitHistory(decoding: bytes, source: source)
        self.init(firstStep: first, digestBefore: digest, records: history.records)
    }
}
