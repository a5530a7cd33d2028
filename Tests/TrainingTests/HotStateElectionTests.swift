import Checkpoints
import Testing

/// Whose state a new world goes on from.
@Suite struct HotStateElectionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Step and variant of what each rank offers; `nil`: nothing.
        var offers: [(step: Int, variant: Int)?]
        /// First step that each rank's commits have.
        var firstStep = 0
        var anchor: (step: Int, variant: Int)?
        var winner: Int?
        var distrusted: [Int] = []
    }

    static let cases = [
        Case(testDescription: "nothing", offers: [nil, nil], winner: nil),
        Case(testDescription: "one holder", offers: [nil, (5, 0)], winner: 1),
        Case(testDescription: "the greatest step", offers: [(4, 0), (5, 0), (4, 0)], winner: 1),
        Case(testDescription: "the lowest rank of equals", offers: [(5, 0), (5, 0)], winner: 0),
        Case(
            testDescription: "the most", offers: [(5, 1), (5, 0), (5, 0)], winner: 1, distrusted: [0]),
        Case(
            testDescription: "two kinds of lies", offers: [(5, 1), (5, 2), (5, 0), (5, 0)], winner: 2,
            distrusted: [0, 1]),
        Case(testDescription: "a tie", offers: [(5, 0), (5, 1)], winner: 0, distrusted: [1]),
        Case(
            testDescription: "a tie that the checkpoint breaks", offers: [(5, 1), (5, 0)],
            anchor: (3, 0), winner: 1, distrusted: [0]),
        Case(
            testDescription: "all off the checkpoint's chain", offers: [(5, 1), (5, 1)], anchor: (3, 0),
            winner: nil),
        Case(
            testDescription: "an older state on the chain", offers: [(6, 1), (5, 0)], anchor: (3, 0),
            winner: 1),
        Case(
            testDescription: "commits that begin at the checkpoint", offers: [(5, 0)], firstStep: 4,
            anchor: (3, 0), winner: 0),
        Case(
            testDescription: "commits that begin behind the checkpoint", offers: [(5, 0)], firstStep: 5,
            anchor: (3, 0), winner: nil),
        Case(
            testDescription: "commits from nowhere", offers: [(5, 0)], firstStep: 2, winner: nil),
    ]

    /// Commits of a job; those of another variant differ from step 2 on.
    private static func tail(_ variant: Int, through last: Int) -> CommitTail {
        (0...last).reduce(into: CommitTail()) { tail, step in
            tail.append(
                CommitRecord(
                    step: step, samples: step, stateHash: UInt64(step < 2 ? step : step + 100 * variant),
                    world: 1))
        }
    }

    @Test(arguments: cases)
    func `a new world chooses`(_ example: Case) throws {
        let offers = example.offers.enumerated().compactMap { rank, offer in
            offer.map { offer in
                let tail = Self.tail(offer.variant, through: offer.step)
                return HotStateElection.Offer(
                    rank: rank, commit: tail.records[offer.step],
                    digest: tail.digest(upTo: offer.step) ?? ChainDigest(),
                    tail: tail.after(example.firstStep - 1))
            }
        }
        let anchor = example.anchor.flatMap { anchor in
            Self.tail(anchor.variant, through: anchor.step).digest(upTo: anchor.step).map {
                HotStateElection.Anchor(step: anchor.step, digest: $0)
            }
        }
        let election = HotStateElection(offers, anchor: anchor, history: nil)
        #expect(election.winner?.rank == example.winner, "\(election.complaints)")
        #expect(election.distrusted == example.distrusted)
        let isQuiet = election.complaints.isEmpty
        let refused = offers.contains { $0.commit.step > election.winner?.commit.step ?? -1 }
        #expect(isQuiet == (example.distrusted.isEmpty && !refused), "\(election.complaints)")
    }

    @Test func `a state whose commits say something else is refused`() {
        let tail = Self.tail(0, through: 5)
        let commit = CommitRecord(step: 5, samples: 5, stateHash: 1, world: 1)
        let digest = tail.digest(upTo: 5) ?? ChainDigest()
        let offer = HotStateElection.Offer(rank: 0, commit: commit, digest: digest, tail: tail)
        #expect(HotStateElection([offer], anchor: nil, history: nil).winner == nil)
        let bare = HotStateElection.Offer(rank: 0, commit: tail.records[5], digest: digest, tail: nil)
        #expect(HotStateElection([bare], anchor: nil, history: nil).winner == nil)
    }
}
