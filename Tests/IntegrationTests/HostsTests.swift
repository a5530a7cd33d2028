import Foundation
import Testing

/// Gangs over several hosts: `mpirun` reaches the others through the workers' launch agent only. Skipped
/// where network namespaces cannot be made.
@Suite(.serialized, .enabled(if: TestBed.obstacle == nil, "no test bed here: \(TestBed.obstacle ?? "")"))
struct HostsTests {
    private static func job(_ name: String, ranks: Int, stepDelay: Int = 0) -> SampleJob {
        var job = SampleJob.linearLearner(.dense, name: name)
        job.instanceCount = ranks
        job.hyperparameters["checkpoint_interval_steps"] = "5"
        if stepDelay > 0 { job.environment["LOCKSTEP_STEP_DELAY_MS"] = "\(stepDelay)" }
        return job
    }

    @Test func `three hosts, near or over a slow link, train the model of one`() throws {
        try withTemporaryFolder { folder in
            try TestBed.run(hosts: 3, in: folder) { bed in
                let cluster = try HostCluster(bed, workers: [1, 2, 3], in: folder)
                var hashes = [try cluster.train(Self.job("alone", ranks: 1), in: folder)]
                hashes.append(try cluster.train(Self.job("together", ranks: 3), in: folder))
                try bed.change("slow", "2", "5mbit", in: folder)
                hashes.append(try cluster.train(Self.job("slow", ranks: 3), in: folder))
                #expect(hashes[0] != nil && Set(hashes).count == 1, "\(hashes)")
                for host in 1...3 {
                    let left = try bed.processes(host, "lockstep-train|orted", in: folder)
                    #expect(left.isEmpty, "host \(host): \(left)")
                }
            }
        }
    }

    /// What happens to one host of two in mid-job, the third being free.
    struct Disturbance: CustomTestStringConvertible {
        let testDescription: String
        let name: String
        /// The host it happens to: the gang's ranks are 0 on host 2, 1 on host 3.
        let host: Int
        let verb: String
    }

    static let disturbances = [
        Disturbance(testDescription: "the link of rank 1 is cut", name: "cut-1", host: 3, verb: "cut"),
        Disturbance(
            testDescription: "the link of rank 0 and the supervisor is cut", name: "cut-0", host: 2,
            verb: "cut"),
        Disturbance(testDescription: "all of rank 1's host dies", name: "dead-1", host: 3, verb: "kill"),
        Disturbance(
            testDescription: "all of rank 0's host dies, supervisor and worker too", name: "dead-0",
            host: 2, verb: "kill"),
    ]

    @Test(arguments: disturbances)
    func `a lost host costs a job nothing but time`(_ disturbance: Disturbance) throws {
        try withTemporaryFolder { folder in
            try TestBed.run(hosts: 4, in: folder) { bed in
                let cluster = try HostCluster(bed, workers: [2, 3, 4], in: folder)
                let expected = try cluster.train(Self.job("undisturbed", ranks: 2), in: folder)
                let end = try cluster.train(
                    Self.job(disturbance.name, ranks: 2, stepDelay: 60), disturbedAt: 8, in: folder
                ) {
                    let ranks = try bed.processes(disturbance.host, "^[^ ]*lockstep-train ", in: folder)
                    #expect(!ranks.isEmpty, "no rank on host \(disturbance.host): the gang is elsewhere")
                    try bed.change(disturbance.verb, "\(disturbance.host)", in: folder)
                }
                #expect(expected != nil && end["ModelHash"] as? String == expected, "\(end)")
                let verdict = try cluster.lockstep(["verify", disturbance.name, "undisturbed"])
                #expect(verdict.status == 0, "\(verdict.output) \(verdict.error)")
                // Cut off as it is, the host ends what it ran of the gang by itself.
                #expect(
                    try RunningProgram.eventually(seconds: 20) {
                        try bed.processes(disturbance.host, "lockstep-train|orted", in: folder).isEmpty
                    }, "ranks live on in a host that was given up")
                if disturbance.verb == "cut" {
                    try bed.change("join", "\(disturbance.host)", in: folder)
                } else {
                    try cluster.startWorker(disturbance.host)
                }
                #expect(
                    try RunningProgram.eventually(seconds: 20) { try cluster.readyWorkers() == 3 },
                    "the host's worker did not come back")
            }
        }
    }

    /// Each attempt writes the times at which it lives into a file of its own.
    private static let diary = """
        import os, time
        start = time.clock_gettime(time.CLOCK_MONOTONIC)
        with open(f'/opt/ml/checkpoints/{start}', 'w') as file:
            while not os.path.exists('/opt/ml/checkpoints/enough'):
                file.write(f'{time.clock_gettime(time.CLOCK_MONOTONIC)}\\n')
                file.flush()
                time.sleep(0.02)
        """

    @Test func `a script whose host is cut off has ended before its next attempt begins`() throws {
        try withTemporaryFolder { folder in
            try TestBed.run(hosts: 3, in: folder) { bed in
                let cluster = try HostCluster(bed, workers: [2, 3], in: folder)
                let docket = CaseDocket(name: "cut", folder: folder) { try cluster.lockstep($0) }
                var job = try ReportedCase.code(
                    "diary", ["train.py": Self.diary], entry: "train.py", in: folder)
                job.attempts = 2
                try docket.submit([job])
                let place = folder.appendingPathComponent("output/diary/checkpoints")
                func diaries() throws -> [String] {
                    try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
                }
                try #require(
                    RunningProgram.eventually(seconds: 40) { (try? diaries().count) == 1 },
                    "\(cluster.diagnosis("diary"))")
                let running = try #require(
                    try [2, 3].first { try !bed.processes($0, "run-program", in: folder).isEmpty })
                try bed.change("cut", "\(running)", in: folder)
                try #require(
                    try RunningProgram.eventually(seconds: 60) { try diaries().count == 2 },
                    "\(cluster.diagnosis("diary"))")
                try Data().write(to: place.appendingPathComponent("enough"))
                try docket.check([job])
                let times = try diaries().filter { $0 != "enough" }.map { name in
                    try String(contentsOf: place.appendingPathComponent(name), encoding: .utf8)
                        .split(separator: "\n").compactMap { Double($0) }
                }.sorted { ($0.first ?? 0) < ($1.first ?? 0) }
                let (last, next) = (try #require(times.first?.last), try #require(times.last?.first))
                #expect(times.count == 2 && last < next, "the first one wrote until \(last - next) s later")
            }
        }
    }
}
