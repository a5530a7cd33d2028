import Checkpoints
import ClusterTypes
import Diagnostics
import Foundation
import Tensors
import Testing
import Training

/// Worlds that die and others that go on from what lies in shared memory.
@Suite struct HotStateRecoveryTests {
    /// A job that writes no checkpoint before its end: a thread that dies here leaves its writer alive.
    private func job(_ folder: String, _ name: String) -> ToyJob {
        var job = ToyJob(folder: folder, name: name)
        job.hyperparameters["checkpoint_interval_steps"] = "1000000"
        return job
    }

    /// Rank r on node r: each its own folder.
    private func nodes(_ folder: String, keeper: Bool = false) -> @Sendable (Int) -> RankSetting {
        { RankSetting(worker: "w\($0)", hotStateFolder: "\(folder)/node-\($0)", hasKeeper: keeper) }
    }

    /// Runs a world in which a rank dies after `step` commits.
    private func die(
        _ job: ToyJob, ranks: Int, rank: Int, step: Int, setting: @escaping @Sendable (Int) -> RankSetting
    ) {
        #expect(throws: (any Error).self) {
            try job.run(ranks: ranks, death: (rank, step), setting: setting)
        }
    }

    @Test(arguments: [(1, 1), (2, 1), (3, 2), (2, 3), (5, 2), (1, 5)])
    func `a death at any step and another world lose nothing`(_ world: (Int, Int)) throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            for step in stride(from: 0, to: 15, by: 2) {
                let job = job(folder, "dies-\(step)")
                let nodes = nodes(folder + "/hot-\(step)")
                die(job, ranks: world.0, rank: world.0 - 1, step: step, setting: nodes)
                let resumed = try job.run(ranks: world.1, setting: nodes)
                #expect(resumed.outcome == .completed(modelHash: calm))
                let words = "Resuming from the hot state of step \(step) held by rank 0 (worker w0)"
                #expect(resumed.lines.contains(words), "\(resumed.lines) \(resumed.warnings)")
                let verification = try job.verify()
                #expect(verification.isGood && verification.firstStep == 0, "\(verification.problems)")
                #expect(verification.lastStep == 15)
            }
        }
    }

    @Test func `several recoveries leave one chain without a gap`() throws {
        try withTemporaryFolder { folder in
            let calm = job(folder, "calm")
            let hash = try calm.modelHash()
            let job = job(folder, "disturbed")
            let nodes = nodes(folder + "/hot")
            for (ranks, step) in [(2, 3), (3, 6), (2, 6), (1, 9)] {
                die(job, ranks: ranks, rank: 0, step: step, setting: nodes)
            }
            // A checkpoint between, from which the history has the commits up to there.
            let stopped = try job.run(ranks: 2, stopAfter: 11, setting: nodes)
            #expect(stopped.outcome == .stopped(step: 11))
            for (ranks, step) in [(3, 13), (3, 14)] {
                die(job, ranks: ranks, rank: 0, step: step, setting: nodes)
            }
            #expect(try job.run(ranks: 2, setting: nodes).outcome == .completed(modelHash: hash))
            let comparison = try JobVerifier(calm.locations).compare(with: JobVerifier(job.locations))
            #expect(comparison.isEqual && comparison.comparedCommits == 16, "\(comparison)")
            let attempts = try AttemptLine.all(in: job.locations.historyFolder)
            #expect(attempts.map(\.firstStep) == [0, 3, 6, 6, 9, 11, 13, 14])
            #expect(attempts.map(\.source) == ["start"] + Array(repeating: "hot state", count: 7))
            #expect(attempts[1].workers == ["w0", "w1", "w2"])
        }
    }

    @Test func `new nodes get the state, and lost ones are not missed`() throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            let job = job(folder, "moves")
            let hot = folder + "/hot"
            die(job, ranks: 2, rank: 0, step: 5, setting: nodes(hot))
            // Node 0 is gone; its rank begins with nothing and takes the state from rank 1's.
            try FileManager.default.removeItem(atPath: hot + "/node-0")
            let events = folder + "/events"
            #expect(throws: (any Error).self) {
                try job.run(ranks: 3, death: (2, 7), setting: nodes(hot), events: events)
            }
            let log = try String(contentsOfFile: events + "/events.jsonl", encoding: .utf8)
            #expect(log.contains(#""kind":"started","step":5"#), "\(log)")
            #expect(log.contains(#""name":"hot state","step":5"#), "\(log)")
            for node in [0, 2] {
                #expect(HotStateStore.newestStep(in: "\(hot)/node-\(node)") == 7)
            }
            // Now all but the third are gone, and it is rank 0 of the next world.
            let last: @Sendable (Int) -> RankSetting = { rank in
                RankSetting(worker: "w", hotStateFolder: "\(hot)/node-\(rank == 0 ? 2 : 7)")
            }
            let end = try job.run(ranks: 2, setting: last)
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains { $0.contains("hot state of step 7") }, "\(end.lines)")
        }
    }

    @Test func `without any holder the newest checkpoint is used`() throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            let job = job(folder, "lost")
            #expect(try job.run(stopAfter: 4).outcome == .stopped(step: 4))
            die(job, ranks: 2, rank: 1, step: 9, setting: nodes(folder + "/hot"))
            try FileManager.default.removeItem(atPath: folder + "/hot")
            let end = try job.run(ranks: 2, setting: nodes(folder + "/hot"))
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains("Resuming from the checkpoint of step 4"), "\(end.lines)")
        }
    }

    @Test func `a newer checkpoint wins over an older hot state`() throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            let job = job(folder, "mixed")
            die(job, ranks: 2, rank: 1, step: 4, setting: nodes(folder + "/hot"))
            // An attempt on nodes without shared memory goes further and leaves in good order.
            #expect(try job.run(ranks: 2, stopAfter: 8).outcome == .stopped(step: 8))
            let end = try job.run(ranks: 2, setting: nodes(folder + "/hot"))
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains("Resuming from the checkpoint of step 8"), "\(end.lines)")
        }
    }

    @Test func `one holder that lies is outvoted and named`() throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            let job = job(folder, "lied")
            let hot = folder + "/hot"
            die(job, ranks: 3, rank: 1, step: 6, setting: nodes(hot))
            try lie(in: hot + "/node-0", job)
            let end = try job.run(ranks: 3, setting: nodes(hot))
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains { $0.contains("hot state of step 6 held by rank 1") }, "\(end.lines)")
            #expect(
                end.warnings.contains {
                    $0.contains("rank 0 held another state of step 6") && $0.contains("w0")
                },
                "\(end.warnings)")
        }
    }

    /// Puts a consistent state of another history into a folder.
    private func lie(in folder: String, _ job: ToyJob) throws {
        let identity = try #require(try hotIdentity(job))
        let store = try HotStateStore(folder: folder, identity: identity)
        let held = try #require(store.newest())
        var tail = try #require(store.tail())
        let state = InjectedFault.flipped(held.state)
        let step = held.commit.step
        let commit = CommitRecord(
            step: step, samples: held.commit.samples, stateHash: state.stateHash, world: 3)
        tail = CommitTail(
            firstStep: tail.firstStep, digestBefore: tail.digestBefore,
            records: tail.records.dropLast() + [commit])
        let digest = try #require(tail.digest(upTo: step))
        try store.adopt(Checkpoint(commit: commit, digest: digest, state: state), tail: tail)
    }

    /// The identity of a job, as a finished twin's checkpoint tells it.
    private func hotIdentity(_ job: ToyJob) throws -> JobIdentity? {
        var twin = job
        twin.name = "twin"
        _ = try twin.modelHash()
        return try twin.store.steps().last.map { try twin.store.read(step: $0).description.identity }
    }

    @Test func `ranks of one node share one holder`() throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            let job = job(folder, "shared")
            let shared: @Sendable (Int) -> RankSetting = { _ in
                RankSetting(worker: "w", hotStateFolder: folder + "/hot")
            }
            die(job, ranks: 3, rank: 2, step: 8, setting: shared)
            let end = try job.run(ranks: 2, setting: shared)
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.warnings.isEmpty, "\(end.warnings)")
        }
    }

    @Test func `a folder that cannot be made costs the hot state, not the job`() throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            try Data().write(to: URL(fileURLWithPath: folder + "/file"))
            let end = try job(folder, "blocked").run(ranks: 2) { rank in
                RankSetting(worker: "w\(rank)", hotStateFolder: rank == 1 ? folder + "/file/x" : "")
            }
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(
                end.warnings.contains { $0.contains("rank 1 on worker w1 holds no hot state") },
                "\(end.warnings)")
        }
    }

    @Test(arguments: ["0", "3"])
    func `other intervals give the same model`(_ interval: String) throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            var job = job(folder, "interval")
            job.hyperparameters["hot_state_interval_steps"] = interval
            die(job, ranks: 2, rank: 1, step: 8, setting: nodes(folder + "/hot"))
            let end = try job.run(ranks: 1, setting: nodes(folder + "/hot"))
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains { $0.contains("hot state of step 6") } == (interval == "3"))
        }
    }

    @Test func `a step is told when it is held, not before`() throws {
        try withTemporaryFolder { folder in
            // An epoch has five steps, and every fourth step is held: its metrics come with step 8.
            for (death, isTold) in [(7, false), (8, true)] {
                var job = job(folder, "told-\(death)")
                job.hyperparameters["hot_state_interval_steps"] = "4"
                let said = Lines()
                #expect(throws: (any Error).self) {
                    try job.run(
                        ranks: 2, death: (1, death), setting: nodes(folder + "/hot-\(death)"), said: said)
                }
                #expect(said.all.contains { $0.contains("epoch=0, train objective") } == isTold, "\(death)")
            }
        }
    }

    @Test func `a keeper's state outlives all workers`() throws {
        try withTemporaryFolder { folder in
            let calm = try job(folder, "calm").modelHash()
            let job = job(folder, "kept")
            let hot = folder + "/hot"
            die(job, ranks: 3, rank: 1, step: 10, setting: nodes(hot, keeper: true))
            for node in [1, 2] { try FileManager.default.removeItem(atPath: "\(hot)/node-\(node)") }
            let end = try job.run(ranks: 2, setting: nodes(hot, keeper: true))
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains { $0.contains("hot state of step 10 held by rank 0") })
        }
    }

    @Test func `a keeper alone is refused`() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: LockstepError.self) {
                try job(folder, "alone").run(ranks: 1) { _ in RankSetting(hasKeeper: true) }
            }
            #expect(error?.code == .usage && error?.message.contains("--keeper") == true)
        }
    }

    @Test func `shards suffice for the ranks that own some`() throws {
        try withTemporaryFolder { folder in
            var tight = job(folder, "tight")
            tight.hyperparameters["logical_shards"] = "2"
            let end = try tight.run(ranks: 3, setting: { _ in RankSetting(hasKeeper: true) })
            #expect(end.outcome.isCompleted)
            tight.name = "too-tight"
            #expect(throws: LockstepError.self) { try tight.run(ranks: 3) }
        }
    }
}
