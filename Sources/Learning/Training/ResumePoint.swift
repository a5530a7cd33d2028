import Checkpoints
import Tensors

/// Where a world begins: a committed state, and how far shared storage knows the commits up to it.
struct ResumePoint {
    /// What the state was taken from.
    enum Source: String, Codable {
        case start
        case checkpoint
        case hotState = "hot state"
    }

    var source: Source
    var checkpoint: Checkpoint
    /// Commits since the last durable checkpoint, up to the state.
    var tail: CommitTail
    /// Last step whose commit is in the history on shared storage; -1 when none is.
    var base: Int
    /// Step of the newest checkpoint, if it is a state on the way to this one.
    var durableStep: Int?
    /// Ranks whose hot state was not trusted.
    var distrusted: [Int] = []

    /// The state before the first step.
    static func start(_ state: NamedTensors, world: Int) -> ResumePoint {
        let commit = CommitRecord(step: 0, samples: 0, stateHash: state.stateHash, world: world)
        var tail = CommitTail()
        tail.append(commit)
        var digest = ChainDigest()
        digest.advance(by: commit)
        return ResumePoint(
            source: .start, checkpoint: Checkpoint(commit: commit, digest: digest, state: state), tail: tail,
            base: -1, durableStep: nil)
    }

    static func checkpoint(_ checkpoint: Checkpoint) -> ResumePoint {
        let step = checkpoint.commit.step
        return ResumePoint(
            source: .checkpoint, checkpoint: checkpoint,
            tail: CommitTail(firstStep: step + 1, digestBefore: checkpoint.digest), base: step,
            durableStep: step)
    }
}
