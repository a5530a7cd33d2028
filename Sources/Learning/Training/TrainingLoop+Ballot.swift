import Checkpoints
import Collectives
import Diagnostics

/// What the ranks agreed on at the end of a step.
struct StepBallot {
    /// A rank was asked to stop.
    var wantsStop: Bool
    /// Step of the newest durable checkpoint, -1 without one.
    var durableStep: Int
    /// Newest step that every holder held when it voted; `nil` when there is no holder.
    var heldByAll: Int?
}

extension TrainingLoop {
    /// Ends a step on all ranks at once: one reduction tells whether any was asked to stop, whether all
    /// hold the same state, which step is durable and which is held. Collective.
    func agree(on training: Progress) throws -> StepBallot {
        let hash = Int64(bitPattern: training.commit.stateHash)
        let held = training.holder?.heldStep.map { -Int64($0) } ?? Int64.min
        // The largest complement is the complement of the smallest: both ends in one maximum.
        var ballot: [Int64] = [
            stop.isRequested ? 1 : 0, hash, ~hash, Int64(training.keeper?.durableStep ?? -1), held,
        ]
        try ballot.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .max) }
        guard ballot[1] == ~ballot[2] else { throw try divergence(training.commit) }
        return StepBallot(
            wantsStop: ballot[0] != 0, durableStep: Int(ballot[3]),
            heldByAll: ballot[4] == Int64.min ? nil : Int(-ballot[4]))
    }

    /// Names the ranks whose state is not that of the most ranks, with their machines. Collective.
    ///
    /// Where no state has more ranks than any other nobody can say who is right: then all but the ranks
    /// of a larger group are suspects, and no worker is accused.
    private func divergence(_ commit: CommitRecord) throws -> LockstepError {
        let hashes = try communicator.allGather(
            withUnsafeBytes(of: commit.stateHash.littleEndian) { [UInt8]($0) })
        let groups = Dictionary(grouping: hashes.indices, by: { hashes[$0] }).values
            .sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
        let isTie = groups[0].count == groups[1].count
        let suspects = isTie ? Array(hashes.indices) : groups.dropFirst().flatMap { $0 }.sorted()
        let names = suspects.map { "rank \($0) (host \(places[$0].host)\(worker($0)))" }
            .joined(separator: ", ")
        vote.divergedWorkers = isTie ? [] : workers(of: suspects)
        let head = "after step \(commit.step) "
        let tail = "; no hot state and no checkpoint of it is kept"
        return vote.share(
            LockstepError(
                .diverged,
                isTie
                    ? head + "the states of \(names) differ, and no majority tells which is right: the "
                        + "machine of one computes differently or its memory failed" + tail
                    : head + "the state of \(names) differs from that of the other ranks: its machine "
                        + "computes differently or its memory failed" + tail))
    }

    private func worker(_ rank: Int) -> String {
        places[rank].worker.isEmpty ? "" : ", worker \(places[rank].worker)"
    }

    private func workers(of ranks: [Int]) -> [String] {
        Set(ranks.map { places[$0].worker }).filter { !$0.isEmpty }.sorted()
    }
}
