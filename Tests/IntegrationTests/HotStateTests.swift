import Foundation
import Testing

/// Real worlds that die, and what the next one finds in shared memory.
@Suite(.serialized) struct HotStateTests {
    /// `mpirun` with one app context a worker, as the supervisor starts it.
    private func world(
        _ job: URL, workers: [(name: String, ranks: Int)], hot: String, keeper: Bool = false,
        attempt: URL? = nil, environment: [String: String] = [:]
    ) throws -> RunningProgram {
        var words = ["--mca", "odls_base_sigkill_timeout", "0", "--bind-to", "none"]
        for name in environment.keys.sorted() { words += ["-x", name] }
        for (index, worker) in workers.enumerated() {
            if index > 0 { words.append(":") }
            words += ["-n", "\(worker.ranks)", Program.path("lockstep-train"), job.path]
            words += ["--worker", worker.name, "--hot-state", "\(hot)/\(worker.name)"]
            if keeper { words.append("--keeper") }
            if let attempt { words += ["--attempt-dir", attempt.path] }
        }
        return try Program.start(
            "mpirun", words, in: job.deletingLastPathComponent(), environment: environment)
    }

    private func withHotFolder(_ body: (String) throws -> Void) throws {
        let hot = "/dev/shm/lockstep-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: hot) }
        try body(hot)
    }

    private struct Event: Decodable {
        var kind: String
        var step: Int?
        var code: String?
        var message: String?
        var workers: [String]?
    }

    private func events(_ attempt: URL) -> [Event] {
        let text =
            (try? String(contentsOf: attempt.appendingPathComponent("events.jsonl"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Event.self, from: Data($0.utf8))
        }
    }

    @Test(arguments: WorldEqualityTests.cases, [false, true])
    func `a killed rank costs no reported step`(_ test: WorldEqualityTests.Case, keeper: Bool) throws {
        try withTemporaryFolder { folder in
            try withHotFolder { hot in
                let calm = try Program.train(try test.job("calm").write(to: folder), ranks: 1)
                let expected = try #require(calm.modelHash, "\(calm.error)")
                var job = test.job("killed")
                job.environment["LOCKSTEP_STEP_DELAY_MS"] = "30"
                job.hyperparameters["checkpoint_interval_steps"] = "1000000"
                let file = try job.write(to: folder)
                let first = folder.appendingPathComponent("attempts/1")
                let running = try world(
                    file, workers: [("w1", 1), ("w2", 2)], hot: hot, keeper: keeper, attempt: first)
                try #require(
                    RunningProgram.eventually(seconds: 20) {
                        events(first).contains { $0.kind == "progress" && $0.step ?? 0 >= 5 }
                            || !running.process.isRunning
                    })
                let ranks = try Program.run(
                    "pgrep", ["-f", "^[^ ]*lockstep-train \(file.path) --worker w2"], in: folder
                ).output.split(separator: "\n").compactMap { Int32($0) }
                kill(try #require(ranks.last), SIGKILL)
                #expect(running.wait(seconds: 20).status != 0)
                let told = try #require(
                    events(first).compactMap { $0.kind == "progress" ? $0.step : nil }.max())

                let second = folder.appendingPathComponent("attempts/2")
                let resumed = try world(
                    file, workers: [("w1", 1), ("w3", 1)], hot: hot, keeper: keeper, attempt: second
                ).wait()
                #expect(resumed.modelHash == expected, "\(resumed.output) \(resumed.error)")
                #expect(resumed.output.contains("Resuming from the hot state of step"), "\(resumed.output)")
                let begun = try #require(events(second).first { $0.kind == "training" }?.step)
                #expect(begun >= told, "resumed at \(begun), but step \(told) was reported")

                let verified = try Program.run(
                    "lockstep", ["verify", folder.path + "/output/killed"], in: folder)
                #expect(verified.status == 0, "\(verified.output) \(verified.error)")
                #expect(verified.output.contains("hot state of step \(begun)"), "\(verified.output)")
                #expect(verified.output.contains("exactly once"), "\(verified.output)")
                let replayed = try Program.run(
                    "lockstep", ["verify", folder.path + "/output/killed", "--replay", "2..\(begun + 1)"],
                    in: folder)
                #expect(replayed.status == 0, "\(replayed.output) \(replayed.error)")
                #expect(replayed.output.contains("commits are equal"), "\(replayed.output)")
                // A job of an earlier release, which kept no specification.
                try FileManager.default.removeItem(
                    atPath: folder.path + "/output/killed/history/job.json")
                let earlier = try Program.run(
                    "lockstep", ["verify", folder.path + "/output/killed", "--replay", "2..\(begun + 1)"],
                    in: folder)
                #expect(earlier.output == replayed.output, "\(earlier.output) \(earlier.error)")
            }
        }
    }

    @Test func `a worker that computes something else is named`() throws {
        try withTemporaryFolder { folder in
            try withHotFolder { hot in
                let file = try SampleJob.linearLearner(.dense, name: "lies").write(to: folder)
                let attempt = folder.appendingPathComponent("attempts/1")
                let outcome = try world(
                    file, workers: [("w1", 2), ("w2", 1)], hot: hot, attempt: attempt,
                    environment: ["LOCKSTEP_FAULT": "flip-state:w2:7"]
                ).wait()
                #expect(outcome.status == 76, "\(outcome.error)")
                #expect(outcome.error.contains("worker w2"), "\(outcome.error)")
                let failed = try #require(events(attempt).first { $0.kind == "failed" })
                #expect(failed.code == "diverged" && failed.workers == ["w2"], "\(failed)")
                let end = try world(file, workers: [("w1", 1)], hot: hot).wait()
                #expect(end.output.contains("hot state of step 6"), "\(end.output) \(end.error)")
                #expect(end.modelHash != nil)
            }
        }
    }

    @Test func `a stopped rank is found by its supervisor, named, and the job goes on`() throws {
        try withTemporaryFolder { folder in
            let calm = try Program.train(
                try SampleJob.linearLearner(.dense, name: "calm").write(to: folder), ranks: 1)
            try LocalCluster.run(workers: 3, in: folder) { cluster in
                var job = SampleJob.linearLearner(.dense, name: "stalls")
                job.instanceCount = 3
                job.environment = ["LOCKSTEP_STEP_DELAY_MS": "60", "LOCKSTEP_HANG_TIMEOUT_SECONDS": "1"]
                let submitted = try cluster.lockstep(["submit", try job.write(to: folder).path])
                try #require(submitted.status == 0, "\(submitted.error)")
                let takesSteps = try RunningProgram.eventually(seconds: 40) {
                    let job = try cluster.lockstep(["jobs", "describe", "stalls", "--output", "json"])
                    let ranks = try cluster.ranks(of: "stalls").count
                    return job.output.contains("\"CurrentStep\"") && ranks == 3
                }
                try #require(takesSteps)
                kill(try #require(cluster.ranks(of: "stalls").last), SIGSTOP)
                let end = try cluster.finished("stalls", seconds: 60)
                #expect(end["TrainingJobStatus"] as? String == "Completed", "\(end)")
                let text = try cluster.lockstep(["jobs", "describe", "stalls"]).output
                #expect(text.contains("gave no sign of life for 1 s while others wait for it"), "\(text)")
                #expect(text.contains("(worker worker-"), "\(text)")
                #expect(text.contains(calm.modelHash ?? "no hash"), "\(text)")
            }
        }
    }

    @Test func `a keeper alone is refused`() throws {
        try withTemporaryFolder { folder in
            let file = try SampleJob.kmeans(.dense).write(to: folder)
            let outcome = try Program.train(file, ranks: 1, arguments: ["--keeper"])
            #expect(outcome.status == 64 && outcome.error.contains("--keeper"), "\(outcome.error)")
        }
    }
}
