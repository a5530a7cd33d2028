import Checkpoints
import ClusterTypes
import CoordinatorService
import Foundation
import Glibc
import JobLifecycle
import Processes
import JobSpecs
import Storage
import Testing

/// Real daemons and real `mpirun`s; only the rank's program is a script.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct LiveClusterTests {
    @Test func `a job runs under mpirun on two workers and completes`() async throws {
        try await LiveCluster.with(workers: ["w1", "w2"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 2, steps: 10)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed)
            #expect(record.step == 10)
            #expect(record.modelHash == "abc")
            #expect(
                record.transitions.map(\.status).drop { $0 != .downloading }
                    == [.downloading, .training, .uploading, .completed])
            try await expectLogs(cluster, "job", world: 2, steps: 10)
            #expect(cluster.leftovers().isEmpty)
        }
    }

    @Test func `a killed rank costs an attempt, not the job`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 3) { cluster in
            try await cluster.submit("job", slots: 3, steps: 60)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            let victim = try #require(cluster.rankPIDs("job").last)
            #expect(kill(victim, SIGKILL) == 0)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 2)
            #expect(record.attempts[0].outcome == "rank 2 was ended by signal 9 (SIGKILL)")
            #expect(cluster.end("w1", "job", 1)?.signal == SIGKILL)
            #expect((record.attempts[1].firstStep ?? 0) >= 10, "it goes on where it was")
            #expect(cluster.leftovers().isEmpty)
        }
    }

    @Test func `a stopped job commits, leaves and is Stopped`() async throws {
        try await LiveCluster.with(workers: ["w1", "w2"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 2, steps: 100_000)
            _ = try await cluster.wait("job", for: "at step 5") { ($0.step ?? 0) >= 5 }
            try await cluster.coordinator.stopJob(JobName("job"))
            #expect(try await cluster.coordinator.job(JobName("job")).status == .stopping)
            let record = try await cluster.wait("job", for: "stopped") { $0.status.isTerminal }
            #expect(record.status == .stopped && record.secondaryStatus == .stopped)
            #expect(record.attempts.count == 1)
            let end = cluster.end("w1", "job", 1)
            #expect(end?.cause == .exited && end?.status == RankExit.stopped, "\(String(describing: end))")
            #expect(cluster.leftovers().isEmpty)
        }
    }

    @Test func `a stop that comes before the ranks know the signal is no fault`() async throws {
        try await LiveCluster.with(workers: ["w1", "w2"], slots: 2) { cluster in
            let late = ["LOCKSTEP_FAKE_LATE": "1"]
            try await cluster.submit("left", slots: 2, steps: 5, environment: late)
            try await cluster.submit("stopped", slots: 2, steps: 100_000, environment: late)
            try await cluster.waitForFile("left/early.1")
            try await cluster.waitForFile("stopped/early.1")
            for name in ["w1", "w2"] {
                try await cluster.coordinator.drainWorker(
                    WorkerID(name), reason: "test", deadlineSeconds: nil)
            }
            try await cluster.coordinator.stopJob(JobName("stopped"))
            let left = try await cluster.wait("left", for: "left") { $0.attempts.first?.endTime != nil }
            #expect(left.attempts[0].outcome?.hasPrefix("left worker") == true, "\(left.attempts)")
            let stopped = try await cluster.wait("stopped", for: "stopped") { $0.status.isTerminal }
            #expect(stopped.status == .stopped && stopped.attempts.count == 1)
            for name in ["w1", "w2"] { try await cluster.coordinator.resumeWorker(WorkerID(name)) }
            let record = try await cluster.wait("left", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.failureReason == nil)
        }
    }

    @Test func `an attempt whose worker daemon is stopped ends before the next one begins`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 1, steps: 150)
            _ = try await cluster.wait("job", for: "at step 5") { ($0.step ?? 0) >= 5 }
            let old = try #require(cluster.rankPIDs("job").first)
            try cluster.startWorker("w2", slots: 1)
            cluster.tellWorker("w1", SIGSTOP)
            _ = try await cluster.wait("job", for: "started elsewhere") { $0.attempts.count == 2 }
            #expect(kill(old, 0) != 0, "two attempts run at once")
            cluster.tellWorker("w1", SIGCONT)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(cluster.end("w1", "job", 1)?.cause == .abandoned)
            #expect(record.status == .completed && record.attempts.count == 2)
            #expect(cluster.leftovers().isEmpty)
        }
    }

    @Test func `a stopped supervisor's program writes nothing once its successor has begun`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            let log = cluster.state + "/log"
            try Data().write(to: URL(fileURLWithPath: log))
            func writers() throws -> [Substring] {
                try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
            }
            try await cluster.submit(
                "job",
                command: "me=$(cat /proc/sys/kernel/random/uuid); "
                    + "while :; do echo $me >> \(log); sleep 0.02; done")
            _ = try await cluster.wait("job", for: "writing") { _ in (try? writers().isEmpty) == false }
            try cluster.startWorker("w2", slots: 1)
            let supervisor = try #require(cluster.supervisorPID("w1", "job", 1))
            cluster.tellWorker("w1", SIGSTOP)
            kill(supervisor, SIGSTOP)
            _ = try await cluster.wait("job", for: "written by two") { _ in
                (try? Set(writers()).count) == 2
            }
            kill(supervisor, SIGCONT)
            cluster.tellWorker("w1", SIGCONT)
            _ = try await cluster.wait("job", for: "rid of the first") { _ in
                cluster.end("w1", "job", 1) != nil
            }
            #expect(cluster.end("w1", "job", 1)?.cause == .abandoned)
            try await cluster.coordinator.stopJob(JobName("job"))
            _ = try await cluster.wait("job", for: "over") { $0.status.isTerminal }
            let all = try writers()
            let turns = zip(all, all.dropFirst()).count { $0 != $1 }
            #expect(turns == 1, "the first attempt has written after the second")
            #expect(cluster.leftovers().isEmpty)
        }
    }

    @Test func `what a script has left is signed, and the key can be asked for`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            try await cluster.submit("job", command: "echo hello > ${SM_MODEL_DIR:-/opt/ml/model}/greeting")
            let record = try await cluster.wait("job", for: "over") { $0.status.isTerminal }
            #expect(record.status == .completed, "\(record.failureReason ?? "")")
            let key = try #require(ClusterPublicKey(try await cluster.coordinator.publicKey()))
            let locations = JobLocations(jobFolder: cluster.state + "/output/job")
            let found = ProgramVerifier(locations, key: key, mustBeSigned: true).verify()
            #expect(found.isGood && found.proof.standing == .signed, "\(found.problems)")
        }
    }

    @Test func `what Open MPI leaves behind when it is killed is swept`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 1, steps: 60)
            _ = try await cluster.wait("job", for: "at step 2") { ($0.step ?? 0) >= 2 }
            let session = try cluster.sessionFolder("job", 1)
            let files = try FileManager.default.contentsOfDirectory(atPath: session)
            #expect(!files.isEmpty, "Open MPI keeps its files there")
            let supervisor = try #require(cluster.supervisorPID("w1", "job", 1))
            for child in ProcessTable.members(below: supervisor) where child.isNamed("mpirun") {
                kill(child.pid, SIGKILL)
            }
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 2)
            for attempt in [1, 2] {
                let path = try cluster.sessionFolder("job", attempt)
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test func `a gang that does not obey is ended after the grace`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 2) { cluster in
            try await cluster.submit(
                "job", slots: 2, steps: 100_000, environment: ["LOCKSTEP_FAKE_DEAF": "1"])
            _ = try await cluster.wait("job", for: "at step 5") { ($0.step ?? 0) >= 5 }
            try await cluster.coordinator.stopJob(JobName("job"))
            let record = try await cluster.wait("job", for: "stopped") { $0.status.isTerminal }
            #expect(record.status == .stopped)
            #expect(cluster.end("w1", "job", 1)?.cause == .killed)
            #expect(cluster.leftovers().isEmpty)
        }
    }

    @Test func `an error of the user's fails the job at once`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 2) { cluster in
            try await cluster.submit(
                "job", slots: 2, steps: 5,
                environment: [
                    "LOCKSTEP_FAKE_FAIL": "data", "LOCKSTEP_FAKE_STATUS": "65",
                    "LOCKSTEP_FAKE_MESSAGE": "train.csv line 3 is ragged",
                ])
            let record = try await cluster.wait("job", for: "failed") { $0.status.isTerminal }
            #expect(record.status == .failed && record.attempts.count == 1)
            #expect(record.failureReason == "ClientError: train.csv line 3 is ragged")
        }
    }

    @Test func `a rank program that is missing fails the job with the launcher's words`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            unlink(cluster.folder + "/train")
            try await cluster.submit("job", slots: 1, steps: 5)
            let record = try await cluster.wait("job", for: "failed") { $0.status.isTerminal }
            #expect(record.status == .failed && record.attempts.count == 2)
            let reason = record.failureReason ?? ""
            #expect(reason.contains(cluster.folder + "/train"), "\(reason)")
        }
    }

    @Test func `a coordinator that ends in mid-job is not noticed by the job`() async throws {
        try await LiveCluster.with(workers: ["w1", "w2"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 2, steps: 150)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            let ranks = cluster.rankPIDs("job")
            try await cluster.endCoordinator()
            try await cluster.waitForSteps(of: "job", more: 5)
            try await cluster.restartCoordinator()
            let known = try await cluster.coordinator.job(JobName("job"))
            #expect(known.status == .inProgress && (known.step ?? 0) >= 10)
            #expect(cluster.rankPIDs("job") == ranks && ranks.count == 2)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 1 && record.step == 150)
            try await expectLogs(cluster, "job", world: 2, steps: 150)
        }
    }

    @Test func `a worker that is killed and comes back finds its gang again`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 2) { cluster in
            try await cluster.submit("job", slots: 2, steps: 150)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            cluster.signalWorker("w1", SIGKILL)
            try await cluster.waitForSteps(of: "job", more: 5)
            try cluster.startWorker("w1", slots: 2)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 1 && record.step == 150)
            try await expectLogs(cluster, "job", world: 2, steps: 150)
        }
    }

    @Test func `a worker that is told to end is left in good order, and no step is lost`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 1, steps: 150)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            try cluster.startWorker("w2", slots: 1)
            cluster.signalWorker("w1", SIGTERM)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 2)
            #expect(record.attempts[0].outcome == "left worker w1, which is drained")
            #expect(record.attempts[1].workers == [WorkerID("w2")])
            #expect(record.attempts[1].firstStep == record.attempts[0].lastStep)
        }
    }

    @Test func `a worker that makes way for an upgrade leaves its gang running`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 1, steps: 150)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            cluster.signalWorker("w1", SIGHUP)
            #expect(!cluster.leftovers().isEmpty)
            try cluster.startWorker("w1", slots: 1)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 1)
        }
    }

    @Test func `a worker that stays away loses its gang to another worker`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 1, steps: 400)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            let old = try #require(cluster.rankPIDs("job").first)
            try cluster.startWorker("w2", slots: 1)
            cluster.signalWorker("w1", SIGKILL)
            let moved = try await cluster.wait("job", for: "restarted") { $0.attempts.count == 2 }
            #expect(moved.attempts[1].workers == [WorkerID("w2")])
            #expect(kill(old, 0) != 0, "the old gang ends before the new one starts")
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed)
        }
    }

    @Test func `a supervisor that is killed takes its gang with it, and the job goes on`() async throws {
        try await LiveCluster.with(workers: ["w1"], slots: 2) { cluster in
            try await cluster.submit("job", slots: 2, steps: 100)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            let ranks = cluster.rankPIDs("job")
            let supervisor = try #require(cluster.supervisorPID("w1", "job", 1))
            #expect(kill(supervisor, SIGKILL) == 0)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 2)
            #expect(record.attempts[0].outcome == "the supervisor of the attempt died")
            #expect(ranks.allSatisfy { kill($0, 0) != 0 })
            #expect(cluster.leftovers().isEmpty)
        }
    }

    @Test func `several jobs share the slots and wait with a reason`() async throws {
        try await LiveCluster.with(workers: ["w1", "w2"], slots: 1) { cluster in
            for name in ["a", "b", "c"] { try await cluster.submit(name, slots: 1, steps: 25) }
            let waiting = try await cluster.coordinator.job(JobName("c"))
            #expect(waiting.secondaryStatus == .pending)
            for name in ["a", "b", "c"] {
                let record = try await cluster.wait(name, for: "completed") { $0.status.isTerminal }
                #expect(record.status == .completed && record.attempts.count == 1)
            }
        }
    }

    @Test func `a worker with a wrong token says so and ends`() async throws {
        try await LiveCluster.with(workers: [], slots: 1) { cluster in
            let path = cluster.folder + "/wrong"
            try "not the token of this cluster".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            try cluster.startWorker("w1", slots: 1, token: path)
            #expect(cluster.waitForWorker("w1") == 77)
            let expected = "refused the token: it is not the token of this cluster"
            #expect(cluster.log("w1").contains("the coordinator at 127.0.0.1:\(cluster.port) \(expected)"))
            #expect(cluster.log("w1").split(separator: "\n").count == 1, "\(cluster.log("w1"))")
        }
    }

    @Test func `a token that others may read is refused`() async throws {
        try await LiveCluster.with(workers: [], slots: 1) { cluster in
            let path = cluster.folder + "/open"
            try "a token that everybody sees".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: path)
            try cluster.startWorker("w1", slots: 1, token: path)
            #expect(cluster.waitForWorker("w1") == 77)
            #expect(cluster.log("w1").contains("may be read by others"), "\(cluster.log("w1"))")
        }
    }

    /// Every line of every rank once, in order.
    private func expectLogs(_ cluster: LiveCluster, _ job: String, world: Int, steps: Int) async throws {
        let streams = try await cluster.coordinator.logStreams(JobName(job))
        #expect(streams.count == world)
        for (rank, stream) in streams.enumerated() {
            let lines = try await cluster.coordinator.logLines(stream: stream.name, from: 0, limit: 10_000)
            #expect(lines.map(\.text) == (1...steps).map { "rank \(rank) of \(world) did step \($0)" })
        }
    }
}

extension ProcessTable.Member {
    /// Whether it runs that program.
    fileprivate func isNamed(_ name: String) -> Bool {
        let text = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) == name
    }
}
