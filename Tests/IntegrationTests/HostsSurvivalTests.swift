import Foundation
import Testing

/// One elastic spot job over four hosts, and all that may happen to it, one thing after the other. Skipped
/// where network namespaces cannot be made.
@Suite(.serialized, .enabled(if: TestBed.obstacle == nil, "no test bed here: \(TestBed.obstacle ?? "")"))
struct HostsSurvivalTests {
    private static let hosts = [2, 3, 4, 5]

    @Test func `whatever happens to four hosts, no step is lost and the model is the same`() throws {
        try withTemporaryFolder { folder in
            try TestBed.run(hosts: 5, in: folder) { bed in
                let run = try Run(bed, folder)
                try run.begin()
                try run.noticeOnOneOfFour()
                try run.killRank()
                try run.killSupervisor()
                try run.restartCoordinator()
                try run.cutAndJoin()
                try run.preempt()
                try run.drain()
                try run.loseAllWorkers()
                try run.end()
            }
        }
    }

    /// The job, the bed and the steps of the story.
    private struct Run {
        let bed: TestBed
        let folder: URL
        let cluster: HostCluster

        init(_ bed: TestBed, _ folder: URL) throws {
            self.bed = bed
            self.folder = folder
            cluster = try HostCluster(
                bed, workers: hosts, options: { Self.options($0, folder) }, hasKeeper: true, in: folder)
        }

        private static func options(_ host: Int, _ folder: URL) -> [String] {
            [
                "--kind", "spot", "--spot-notice-file", notice(host, folder).path, "--spot-notice-interval",
                "0.2",
            ]
        }

        private static func notice(_ host: Int, _ folder: URL) -> URL {
            folder.appendingPathComponent("notice-\(host)")
        }

        private func job(_ name: String, delay: Int, epochs: Int, priority: Int = 0) -> SampleJob {
            var job = SampleJob.linearLearner(.dense, name: name)
            job.instanceCount = hosts.count
            job.usesSpot = true
            job.hyperparameters["epochs"] = "\(epochs)"
            job.hyperparameters["early_stopping_patience"] = "\(epochs)"
            // What is not lost comes from hot states.
            job.hyperparameters["checkpoint_interval_seconds"] = "600"
            job.environment["LOCKSTEP_STEP_DELAY_MS"] = "\(delay)"
            job.environment["LOCKSTEP_PRIORITY"] = "\(priority)"
            if priority == 0 { job.environment["LOCKSTEP_MIN_INSTANCE_COUNT"] = "1" }
            return job
        }

        private static let epochs = 16

        func begin() throws {
            let file = try job("long", delay: 120, epochs: Self.epochs).write(to: folder)
            let submitted = try cluster.lockstep(["submit", file.path])
            try #require(submitted.status == 0, "\(submitted.error)")
            try whole(after: 0)
        }

        /// Steps and attempts of the job now.
        private func attempts() throws -> [[String: Any]] {
            let job = try cluster.describe("long")
            #expect(job["TrainingJobStatus"] as? String ?? "InProgress" == "InProgress", "it ended too early")
            return job["Attempts"] as? [[String: Any]] ?? []
        }

        /// Waits until a later attempt than `number` trains with so many hosts.
        private func whole(after number: Int, hosts count: Int = hosts.count) throws {
            try #require(
                RunningProgram.eventually(seconds: 40) {
                    guard let last = try attempts().last, last["LastStep"] != nil else { return false }
                    let workers = last["Workers"] as? [String] ?? []
                    return (last["Number"] as? Int ?? 0) > number && workers.count == count + 1
                }, "no attempt with \(count) hosts after \(number): \(cluster.diagnosis("long"))")
        }

        private func number() throws -> Int { try attempts().last?["Number"] as? Int ?? 0 }

        func noticeOnOneOfFour() throws {
            let before = try number()
            let notice = Self.notice(3, folder)
            try "going".write(to: notice, atomically: true, encoding: .utf8)
            try #require(
                RunningProgram.eventually(seconds: 20) { try cluster.state(of: "worker-3") == "drained" })
            #expect(try bed.processes(3, "lockstep-train|orted", in: folder).isEmpty)
            try whole(after: before, hosts: 3)
            try FileManager.default.removeItem(at: notice)
            try whole(after: before + 1)
        }

        func killRank() throws {
            let before = try number()
            let rank = try #require(bed.processes(4, "^[^ ]*lockstep-train ", in: folder).first)
            kill(rank, SIGKILL)
            try whole(after: before)
        }

        func killSupervisor() throws {
            let before = try number()
            let supervisor = try #require(bed.processes(1, "lockstepd supervise", in: folder).first)
            kill(supervisor, SIGKILL)
            try whole(after: before)
        }

        /// The gang does not notice.
        func restartCoordinator() throws {
            let before = try number()
            try cluster.kill("coordinator")
            #expect(try EventLog(folder: folder, job: "long").grows(by: 4))
            try cluster.startCoordinator()
            try #require(
                RunningProgram.eventually(seconds: 20) { try cluster.readyWorkers() == hosts.count + 1 })
            #expect(try number() == before)
        }

        func cutAndJoin() throws {
            let before = try number()
            try bed.change("cut", "2", in: folder)
            try whole(after: before, hosts: 3)
            try bed.change("join", "2", in: folder)
            try whole(after: before + 1)
        }

        func preempt() throws {
            let before = try number()
            let file = try job("high", delay: 1, epochs: 3, priority: 9).write(to: folder)
            let submitted = try cluster.lockstep(["submit", file.path])
            try #require(submitted.status == 0, "\(submitted.error)")
            try #require(
                RunningProgram.eventually(seconds: 20) {
                    (try cluster.describe("high")["Attempts"] as? [Any])?.isEmpty == false
                })
            try #require(
                RunningProgram.eventually(seconds: 40) {
                    try cluster.describe("high")["TrainingJobStatus"] as? String == "Completed"
                }, "\(cluster.diagnosis("high"))")
            try whole(after: before)
        }

        func drain() throws {
            let before = try number()
            #expect(try cluster.lockstep(["workers", "drain", "worker-5"]).status == 0)
            try whole(after: before, hosts: 3)
            #expect(try cluster.lockstep(["workers", "resume", "worker-5"]).status == 0)
            try whole(after: before + 1)
        }

        /// All hosts with data go at once, with all they held; the keeper has the state.
        func loseAllWorkers() throws {
            let before = try number()
            for host in hosts { try bed.change("kill", "\(host)", in: folder) }
            for host in hosts { try cluster.startWorker(host, options: Self.options(host, folder)) }
            try whole(after: before)
        }

        /// Every attempt went on where the one before had stopped, and the model is the undisturbed one.
        func end() throws {
            let file = try job("undisturbed", delay: 0, epochs: Self.epochs).write(to: folder)
            // An attempt whose hosts are not all back yet may take no step.
            let told = try attempts().filter { $0["FirstStep"] != nil }
            try #require(
                RunningProgram.eventually(seconds: 200) {
                    try cluster.describe("long")["TrainingJobStatus"] as? String != "InProgress"
                })
            let long = try cluster.describe("long")
            #expect(long["TrainingJobStatus"] as? String == "Completed", "\(cluster.diagnosis("long"))")
            let outcome = try cluster.lockstep(["submit", file.path, "--wait"])
            #expect(outcome.status == 0, "\(outcome.error)")
            let expected = try cluster.describe("undisturbed")["ModelHash"] as? String
            #expect(expected != nil && long["ModelHash"] as? String == expected)
            for (one, next) in zip(told, told.dropFirst()) {
                let (last, first) = (one["LastStep"] as? Int ?? -1, next["FirstStep"] as? Int ?? -1)
                // The last step that was told of, at least: a commit may come after the last word of it.
                #expect(first >= last, "steps lost: \(one) \(next)")
            }
            let verdict = try cluster.lockstep(["verify", "long", "undisturbed"])
            #expect(verdict.status == 0, "\(verdict.output) \(verdict.error)")
        }
    }
}
