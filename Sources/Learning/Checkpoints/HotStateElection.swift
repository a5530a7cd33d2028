/// Which hot state a new world goes on from: decided by rank 0 from what the holders offer.
public struct HotStateElection: Sendable, Equatable {
    /// What a holder has: its newest whole state, and the commits that lead to it.
    public struct Offer: Sendable, Equatable {
        public var rank: Int
        public var commit: CommitRecord
        public var digest: ChainDigest
        public var tail: CommitTail?

        public init(rank: Int, commit: CommitRecord, digest: ChainDigest, tail: CommitTail?) {
            self.rank = rank
            self.commit = commit
            self.digest = digest
            self.tail = tail
        }

        /// One number for all who hold the same.
        fileprivate var ballot: [UInt8] {
            digest.bytes + Words.encode([commit.stateHash, UInt64(commit.step)])
        }
    }

    /// What shared storage knows of the job's commits.
    public struct Anchor: Sendable, Equatable {
        /// Step and digest of the newest checkpoint.
        public var step: Int
        public var digest: ChainDigest

        public init(step: Int, digest: ChainDigest) {
            self.step = step
            self.digest = digest
        }
    }

    /// The offer to go on from; `nil`: none can be trusted.
    public private(set) var winner: Offer?
    /// Ranks that hold another state of the winner's step than the winner.
    public private(set) var distrusted: [Int] = []
    /// One sentence for each offer that is refused, and for those distrusted.
    public private(set) var complaints: [String] = []

    /// The greatest step wins. Where one step has several states, the one that most ranks hold, then the
    /// one of the lowest rank; a state to which the commits do not lead is refused.
    ///
    /// - Parameters:
    ///   - anchor: the newest checkpoint, if any.
    ///   - history: of the job on shared storage, if it is there and whole.
    public init(_ offers: [Offer], anchor: Anchor?, history: CommitHistory?) {
        let steps = Set(offers.map(\.commit.step)).sorted(by: >)
        for step in steps where winner == nil {
            let atStep = offers.filter { $0.commit.step == step }
            let groups = Dictionary(grouping: atStep, by: \.ballot).values.sorted {
                ($1.count, $0[0].rank) < ($0.count, $1[0].rank)
            }
            for group in groups where winner == nil {
                // The state is the same; the commits beside it may be whole on one node only.
                winner = group.first { Self.leads($0, anchor, history) }
                if winner == nil {
                    complaints.append(
                        "the hot state of step \(step) held by \(Self.names(group.map(\.rank))) is refused: "
                            + "the job's commits do not lead to it")
                }
            }
            guard let winner else { continue }
            distrusted = atStep.filter { $0.ballot != winner.ballot }.map(\.rank).sorted()
            if !distrusted.isEmpty {
                complaints.append(
                    "\(Self.names(distrusted)) held another state of step \(step) than rank \(winner.rank) "
                        + "and most others; it is not used")
            }
        }
    }

    /// Where the history on shared storage ends for this tail: the last step that both know alike, or the
    /// step before the tail where the history does not fit.
    public static func base(of tail: CommitTail, step: Int, anchor: Anchor?, history: CommitHistory?) -> Int {
        if let last = history?.steps.last {
            let common = min(last, step)
            if let digest = tail.digest(upTo: common), history?.digest(upTo: common) == digest {
                return common
            }
        }
        if let anchor, anchor.step <= step, tail.digest(upTo: anchor.step) == anchor.digest {
            return anchor.step
        }
        return tail.knownSteps.lowerBound
    }

    /// Whether the commits lead from what is durable to this state.
    private static func leads(_ offer: Offer, _ anchor: Anchor?, _ history: CommitHistory?) -> Bool {
        guard let tail = offer.tail, tail.digest(upTo: offer.commit.step) == offer.digest else {
            return false
        }
        if let record = tail[offer.commit.step] {
            guard record.stateHash == offer.commit.stateHash, record.samples == offer.commit.samples else {
                return false
            }
        }
        if let anchor, let digest = tail.digest(upTo: anchor.step) { return digest == anchor.digest }
        if tail.firstStep == 0 { return tail.digestBefore == ChainDigest() }
        let before = tail.knownSteps.lowerBound
        return history?.digest(upTo: before) == tail.digestBefore
    }

    private static func names(_ ranks: [Int]) -> String {
        (ranks.count == 1 ? "rank " : "ranks ") + ranks.map(String.init).joined(separator: ", ")
    }
}
