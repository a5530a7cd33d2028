import Foundation
import Testing

/// Programs that do what they should not, on a cluster where another job trains: each ends with the right
/// status and a clear reason, nothing of it is left, and the other job never notices.
@Suite(.serialized) struct MisbehavingJobTests {
    private struct Case {
        let name: String
        let words: [String]
        let status: String
        /// What FailureReason has to say.
        var reason = ""
        var hosts = 1
        /// Whether it has to be stopped.
        var isStopped = false

        /// Where mounts cannot be made, /opt/ml lies elsewhere.
        private static let base = "base=${SAGEMAKER_BASE_DIR:-/opt/ml}; "

        static func shell(_ name: String, _ script: String, _ status: String, _ reason: String = "") -> Case {
            Case(name: name, words: ["/bin/sh", "-c", base + script], status: status, reason: reason)
        }
    }

    private static var cases: [Case] {
        var deaf = Case.shell("deaf", "trap '' TERM; while :; do sleep 0.1; done", "Stopped")
        deaf.isStopped = true
        var second = Case.shell(
            "second",
            "[ $RANK = 0 ] && exit 0; sleep 1; echo the second fails > $base/output/failure; exit 1",
            "Failed", "AlgorithmError: the second fails, exit code: 1")
        second.hosts = 2
        var echoes = Case.shell(
            "echoes",
            "[ $RANK = 1 ] && { echo the cause >&2; exit 7; }; trap 'echo an echo >&2; exit 9' TERM; "
                + "while :; do sleep 0.1; done", "Failed", "the cause, exit code: 7")
        echoes.hosts = 2
        return [
            deaf, second, echoes,
            .shell("forks", "setsid sleep 98765 & (setsid env -i sleep 98766 &) ; exit 0", "Completed"),
            .shell(
                "disk",
                "dd if=/dev/zero of=$base/output/data/big bs=1M count=3000; sleep 60",
                "Failed",
                "VolumeSizeInGB"),
            Case(
                name: "memory",
                words: ["python3", "-c", "x = [bytearray(b'1' * (1 << 20)) for _ in range(4000)]"],
                status: "Failed", reason: "memory"),
            .shell("logs", "yes 'a line of a log that says nothing' | head -c 1000000000", "Completed"),
            Case(
                name: "no-program", words: ["/etc/hostname"], status: "Failed", reason: "/etc/hostname"),
            .shell(
                "binary", "head -c 3000 /dev/urandom > $base/output/failure; exit 3",
                "Failed",
                "exit code: 3"),
        ]
    }

    private static func submit(_ example: Case, _ cluster: LocalCluster, _ folder: URL) throws {
        let request: [String: Any] = [
            "TrainingJobName": example.name,
            "AlgorithmSpecification": ["ContainerEntrypoint": example.words, "TrainingInputMode": "File"],
            "OutputDataConfig": ["S3OutputPath": "file://\(folder.path)/output"],
            "ResourceConfig": [
                "InstanceType": "local", "InstanceCount": example.hosts, "VolumeSizeInGB": 1,
            ],
            "StoppingCondition": ["MaxRuntimeInSeconds": 300],
        ]
        let file = folder.appendingPathComponent("\(example.name).json")
        try JSONSerialization.data(withJSONObject: request).write(to: file)
        let outcome = try cluster.lockstep(["submit", file.path])
        try #require(outcome.status == 0, "\(example.name): \(outcome.error)")
    }

    @Test func `each ends as it should, and a neighbour never notices`() throws {
        try withTemporaryFolder { folder in
            // Programs run as nobody, who has to get here.
            chmod(folder.path, 0o755)
            try LocalCluster.run(workers: 1, in: folder) { cluster in
                for name in ["a", "b"] {
                    try cluster.startWorker(name, options: ["--grace", "2", "--memory", "400"])
                }
                func neighbour(_ name: String, _ delay: Int) throws {
                    var job = SampleJob.linearLearner(.dense, name: name)
                    job.environment["LOCKSTEP_STEP_DELAY_MS"] = "\(delay)"
                    let outcome = try cluster.lockstep(["submit", try job.write(to: folder).path])
                    try #require(outcome.status == 0, "\(outcome.error)")
                }
                try neighbour("calm", 0)
                let expected = try #require(try cluster.finished("calm")["ModelHash"] as? String)
                try neighbour("neighbour", 1200)
                try #require(
                    RunningProgram.eventually(seconds: 20) { try !cluster.ranks(of: "neighbour").isEmpty })
                for example in Self.cases { try Self.check(example, cluster, folder) }
                let end = try cluster.finished("neighbour", seconds: 200)
                #expect(end["ModelHash"] as? String == expected, "\(end)")
                #expect((end["Attempts"] as? [Any])?.count == 1, "\(end)")
                try Self.checkNothingIsLeft(folder)
            }
        }
    }

    private static func check(_ example: Case, _ cluster: LocalCluster, _ folder: URL) throws {
        try submit(example, cluster, folder)
        if example.isStopped {
            try #require(
                RunningProgram.eventually(seconds: 20) {
                    try cluster.describe(example.name)["SecondaryStatus"] as? String == "Training"
                }, "\(example.name) does not train")
            #expect(try cluster.lockstep(["jobs", "stop", example.name]).status == 0)
        }
        let end = try cluster.finished(example.name)
        #expect(end["TrainingJobStatus"] as? String == example.status, "\(example.name): \(end)")
        let reason = end["FailureReason"] as? String ?? ""
        let isTold = example.reason.isEmpty ? reason.isEmpty : reason.contains(example.reason)
        #expect(isTold, "\(example.name): \(reason)")
        #expect(reason.count <= 1024, "\(example.name)")
        #expect((end["Attempts"] as? [Any])?.count == 1, "\(example.name): \(end)")
    }

    private static func checkNothingIsLeft(_ folder: URL) throws {
        let isGone = try RunningProgram.eventually(seconds: 10) {
            try Program.run("pgrep", ["-f", "sleep 9876[56]|run-program|bytearray"], in: folder).output
                .isEmpty
        }
        let running = try Program.run("pgrep", ["-af", "sleep 9876|run-program"], in: folder).output
        #expect(isGone, "\(running)")
        let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        #expect(!mounts.contains(folder.path), "\(mounts)")
        let scratch = try Program.run(
            "find", [folder.path + "/cluster/a/scratch", folder.path + "/cluster/b/scratch", "-type", "f"],
            in: folder)
        #expect(
            scratch.output.split(separator: "\n").count { !$0.contains("slot") } == 0, "\(scratch.output)")
    }
}
