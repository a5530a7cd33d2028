import AlgorithmSpecs
import Checkpoints
import Collectives
import Diagnostics
import Foundation
import JobSpecs
import Tensors

extension TrainingLoop {
    /// This rank's hot state, if it is a holder: the lowest rank of those that share its node's folder.
    ///
    /// A folder that cannot be written costs the hot state of that node, not the job.
    ///
    /// - Throws: `LockstepError(.conflict)` where the node holds a state of this job with other data or
    ///   settings: the job would begin again without a word.
    func openHotState(_ identity: JobIdentity) throws -> HotStateStore? {
        let folder = setting.hotStateFolder
        guard usesHotState, !folder.isEmpty,
            places.firstIndex(where: { $0.sharesFolder(with: places[communicator.rank]) })
                == communicator.rank
        else { return nil }
        let owner = owner(identity)
        if let step = HotStateStore.newestStep(in: folder), let earlier = try? FolderOwner.read(in: folder),
            earlier.isSameJob(as: owner),
            let conflict = identity.conflict(
                with: earlier.identity, at: "\(folder) holds the state of step \(step) of job \(earlier.job)",
                advice: "remove that folder, or give this job another name")
        {
            throw conflict
        }
        do {
            let store = try HotStateStore(folder: folder, identity: identity)
            try owner.write(in: folder)
            return store
        } catch {
            warnOfHotState(error)
            return nil
        }
    }

    /// Begins to hold the state that the world goes on from.
    func hold(_ resume: ResumePoint, in store: HotStateStore?) -> HotStateHolder? {
        guard let store else { return nil }
        do {
            return try HotStateHolder(
                store, adopting: resume.checkpoint, tail: resume.tail,
                interval: plan.runtime.hotStateIntervalSteps)
        } catch {
            warnOfHotState(error)
            return nil
        }
    }

    /// Says on this rank that its node holds no hot state.
    func warnOfHotState(_ error: any Error) {
        reporter.warnOfThisRank(
            "rank \(communicator.rank) on \(places[communicator.rank].name) holds no hot state: \(error); "
                + "training goes on with checkpoints alone")
    }

    /// Whether any node of this world is to hold a hot state. The same on every rank.
    var usesHotState: Bool {
        plan.runtime.hotStateIntervalSteps > 0 && places.contains { !$0.hotStateFolder.isEmpty }
    }

    /// The newest state that a node or shared storage has, on every rank; `nil`: begin at the start.
    /// Collective.
    ///
    ///   (a) each holder tells rank 0 of its newest whole state and the commits that lead to it;
    ///   (b) rank 0 decides, reading the newest checkpoint only where it is newer or no state is held;
    ///   (c) all hear the decision, then the state from the rank that has it.
    func restore(_ identity: JobIdentity, _ store: HotStateStore?) throws -> ResumePoint? {
        let held = store?.newest()
        let tail = held == nil ? nil : store?.tail()
        let offers = try usesHotState ? communicator.gather(Self.encode(held, tail), root: 0) : []
        let chosen = try vote.together { () -> Choice? in
            guard communicator.rank == 0 else { return nil }
            return try choose(offers, identity)
        }
        let words = try chosen.map { [UInt8](try JSONEncoder().encode($0.decision)) } ?? []
        let decision = try JSONDecoder().decode(
            Decision.self, from: Data(try communicator.broadcast(bytes: words, root: 0)))
        guard let root = decision.root else { return nil }
        let own = decision.source == .checkpoint ? chosen?.checkpoint : held
        let isRoot = communicator.rank == root
        let (checkpoint, commits) = try share(isRoot ? own : nil, isRoot ? tail : nil, root: root)
        guard decision.source == .hotState else { return .checkpoint(checkpoint) }
        let step = checkpoint.commit.step
        let durable = decision.durableStep.flatMap { commits.knownSteps.contains($0) ? $0 : nil }
        reporter.say(
            "Resuming from the hot state of step \(step) held by rank \(root) (\(places[root].name))")
        return ResumePoint(
            source: .hotState, checkpoint: checkpoint,
            tail: commits.after(min(durable ?? commits.knownSteps.lowerBound, step), through: step),
            base: decision.base, durableStep: durable, distrusted: decision.distrusted)
    }

    /// What all ranks need to know of rank 0's choice.
    private struct Decision: Codable {
        var source = ResumePoint.Source.start
        /// Rank that has the state.
        var root: Int?
        var base = -1
        var durableStep: Int?
        var distrusted: [Int] = []
    }

    private struct Choice {
        var decision: Decision
        /// The state, where it is a checkpoint's.
        var checkpoint: Checkpoint?
    }

    private func choose(_ bytes: [[UInt8]], _ identity: JobIdentity) throws -> Choice {
        let offers = try bytes.enumerated().compactMap { try Self.decodeOffer($1, rank: $0) }
        let store = CheckpointStore(folder: plan.locations.checkpointFolder)
        var checkpoint: Checkpoint?
        if let newest = offers.map(\.commit.step).max() {
            var anchor = try store.newestAnchor(identity: identity)
            if try store.steps().last ?? 0 > newest {
                checkpoint = try store.newest(identity: identity, report: reporter.warn)
                anchor = checkpoint.map { .init(step: $0.commit.step, digest: $0.digest) }
            }
            if checkpoint?.commit.step ?? 0 <= newest, let choice = elect(offers, anchor) { return choice }
        }
        if checkpoint == nil {
            checkpoint = try store.newest(identity: identity, report: reporter.warn)
        }
        guard let checkpoint else { return Choice(decision: Decision()) }
        return Choice(decision: Decision(source: .checkpoint, root: 0), checkpoint: checkpoint)
    }

    private func elect(_ offers: [HotStateElection.Offer], _ anchor: HotStateElection.Anchor?) -> Choice? {
        let path = plan.locations.historyFolder + "/" + CommitHistory.fileName
        // A history that cannot be read is found out, told and set aside by the one who goes on writing it.
        let history = try? CommitHistory(reading: path)
        let election = HotStateElection(offers, anchor: anchor, history: history)
        for complaint in election.complaints { reporter.warn(named(complaint, election.distrusted)) }
        guard let winner = election.winner, let tail = winner.tail else { return nil }
        return Choice(
            decision: Decision(
                source: .hotState, root: winner.rank,
                base: HotStateElection.base(
                    of: tail, step: winner.commit.step, anchor: anchor, history: history),
                durableStep: anchor?.step, distrusted: election.distrusted))
    }

    private func named(_ complaint: String, _ ranks: [Int]) -> String {
        guard !ranks.isEmpty else { return complaint }
        return complaint + " (" + ranks.map { places[$0].name }.joined(separator: ", ") + ")"
    }

    /// Commit, digest and commits before, for the choice.
    private static func encode(_ held: Checkpoint?, _ tail: CommitTail?) -> [UInt8] {
        guard let held else { return [] }
        return held.commit.encoded + held.digest.bytes + (tail?.encoded ?? [])
    }

    private static func decodeOffer(_ bytes: [UInt8], rank: Int) throws -> HotStateElection.Offer? {
        if bytes.isEmpty { return nil }
        let head = CommitRecord.byteCount + 32
        guard bytes.count >= head, let commit = CommitRecord(decoding: bytes.prefix(CommitRecord.byteCount))
        else { throw LockstepError(.bug, "the hot state offered by rank \(rank) makes no sense") }
        let tail = bytes.count == head ? nil : [UInt8](bytes[head...])
        return HotStateElection.Offer(
            rank: rank, commit: commit,
            digest: ChainDigest(bytes: [UInt8](bytes[CommitRecord.byteCount..<head])),
            tail: try tail.map { try CommitTail(decoding: $0, source: "the commits of rank \(rank)") })
    }

    /// A state and the commits before it from `root` to all, tensor by tensor. Collective.
    func share(
        _ checkpoint: Checkpoint?, _ tail: CommitTail?, root: Int
    ) throws -> (Checkpoint, CommitTail) {
        let own = checkpoint.map {
            Self.encode($0, tail ?? CommitTail(firstStep: $0.commit.step + 1, digestBefore: $0.digest))
        }
        let head = try communicator.broadcast(bytes: own ?? [], root: root)
        let table = try communicator.broadcast(
            bytes: checkpoint.map { TensorTable($0.state).encoded } ?? [], root: root)
        guard let offer = try Self.decodeOffer(head, rank: root), let tail = offer.tail,
            let table = TensorTable(decoding: table, limit: .max)
        else { throw LockstepError(.bug, "the state sent by rank \(root) makes no sense") }
        var state = NamedTensors()
        for entry in table.entries {
            let bytes = try communicator.broadcast(
                bytes: checkpoint?.state[entry.name]?.bytes ?? [], root: root)
            guard bytes.count == entry.byteCount else {
                throw LockstepError(.bug, "tensor \(entry.name) sent by rank \(root) has another size")
            }
            state[entry.name] = Tensor(elementType: entry.elementType, shape: entry.shape, bytes: bytes)
        }
        return (Checkpoint(commit: offer.commit, digest: offer.digest, state: state), tail)
    }
}
