import Foundation
import Testing

/// The examples of all kinds of programs, on every kind of cluster and from every client.
@Suite(.serialized) struct ExampleProgramTests {
    /// A cluster of three slots that somebody else started.
    private struct Place {
        let api: String
        let folder: URL

        func lockstep(_ arguments: [String]) throws -> Program.Outcome {
            try Program.run("lockstep", arguments, in: folder, environment: ["LOCKSTEP_ENDPOINT": api])
        }

        func log(_ job: String) throws -> String { try lockstep(["jobs", "logs", job]).output }
    }

    private static func copyExamples(to folder: URL) throws -> URL {
        let copy = folder.appendingPathComponent("examples")
        try FileManager.default.copyItem(
            at: Program.packageRoot.appendingPathComponent("docs/examples"), to: copy)
        _ = try Program.run("chmod", ["-R", "a+rwX", copy.path], in: folder)
        return copy
    }

    /// Trains each example on 1, 2 and 3 hosts from `lockstep submit` and from boto3.
    private static func useAll(_ place: Place) throws {
        let examples = try copyExamples(to: place.folder)
        var jobs = [
            ("script", examples.appendingPathComponent("script-mode/job.yaml").path, "epochs=3"),
            ("toolkit", examples.appendingPathComponent("script-mode/job-toolkit.yaml").path, "epochs=2"),
            ("mpi", examples.appendingPathComponent("mpi-program/job.yaml").path, "epochs=3"),
        ]
        if UserPackage.isSwiftThere {
            jobs.append(("swift", try UserPackage.shared.get().job, "passes=20"))
        }
        let boto3 = Program.packageRoot.appendingPathComponent("Tests/IntegrationTests/Clients/run_job.py")
        var hashes: Set<String> = []
        for (name, file, parameter) in jobs {
            for count in 1...3 {
                let (mine, theirs) = ("\(name)-\(count)", "\(name)-\(count)-boto3")
                let submitted = try place.lockstep([
                    "submit", file, "--wait", "--name", mine, "--instance-count", "\(count)", "--set",
                    parameter,
                ])
                #expect(submitted.status == 0, "\(mine): \(submitted.output) \(submitted.error)")
                let driven = try Program.run(
                    "python3", [boto3.path, place.api, file, theirs, "\(count)", parameter],
                    in: place.folder, environment: ClientTests.environment)
                #expect(driven.status == 0, "\(theirs): \(driven.output) \(driven.error)")
                if name == "swift" { hashes.insert(submitted.modelHash ?? mine) }
            }
        }
        #expect(hashes.count <= 1, "the Swift example's model depends on the ranks: \(hashes)")
    }

    @Test func `lockstep up runs them all`() throws {
        try withTemporaryFolder { folder in
            let port = try LocalCluster.freePort()
            let up = try Program.start(
                "lockstep",
                ["up", "--workers", "3", "--data-dir", folder.path + "/home", "--api", "127.0.0.1:\(port)"],
                in: folder)
            defer {
                kill(up.process.processIdentifier, SIGTERM)
                _ = up.wait(seconds: 30)
            }
            let place = Place(api: "http://127.0.0.1:\(port)", folder: folder)
            try #require(
                RunningProgram.eventually(seconds: 20) { up.output.contains("The cluster is ready") },
                "\(up.error)")
            try Self.useAll(place)
        }
    }

    @Test func `a cluster out of an MPI world runs them all`() throws {
        try withTemporaryFolder { folder in
            let port = try LocalCluster.freePort()
            let mpirun = try Program.start(
                "mpirun",
                [
                    "-n", "4", "--bind-to", "none", Program.path("lockstep-cluster"), "--data-dir",
                    folder.path + "/cluster", "--api", "127.0.0.1:\(port)",
                ], in: folder)
            defer {
                kill(mpirun.process.processIdentifier, SIGTERM)
                _ = mpirun.wait(seconds: 30)
            }
            let place = Place(api: "http://127.0.0.1:\(port)", folder: folder)
            try #require(
                RunningProgram.eventually(seconds: 20) {
                    try place.lockstep(["workers", "list", "--output", "json"]).output
                        .components(separatedBy: "\"ready\"").count == 4
                }, "\(mpirun.error)")
            try Self.useAll(place)
        }
    }

    /// Epochs that the lines of a log tell of, in their order.
    private static func epochs(_ log: String) -> [Int] {
        log.split(separator: "\n").compactMap { line in
            line.ranges(of: "epoch=").first.flatMap { found in
                line[found.upperBound...].split(separator: " ").first.flatMap { Int($0) }
            }
        }
    }

    /// Starts an example, kills one of its Python processes at epoch 40, and returns its log.
    private static func interrupt(
        _ example: String, hosts: Int, _ cluster: LocalCluster, _ folder: URL
    ) throws -> String {
        let job = try copyExamples(to: folder).appendingPathComponent("\(example)/job.yaml").path
        let submitted = try cluster.lockstep([
            "submit", job, "--name", "victim", "--instance-count", "\(hosts)", "--set", "epochs=300",
        ])
        try #require(submitted.status == 0, "\(submitted.error)")
        try #require(
            RunningProgram.eventually(seconds: 60) {
                epochs(try cluster.lockstep(["jobs", "logs", "victim"]).output).contains(40)
            }, "no epoch 40")
        let pids = try Program.run("pgrep", ["-f", "python3.*train.py.*--epochs 300"], in: folder).output
            .split(separator: "\n").compactMap { Int32($0) }
        try #require(!pids.isEmpty)
        kill(pids[pids.count - 1], SIGKILL)
        let end = try cluster.finished("victim")
        #expect(end["TrainingJobStatus"] as? String == "Completed", "\(end)")
        #expect((end["Attempts"] as? [Any])?.count == 2, "\(end)")
        return try cluster.lockstep(["jobs", "logs", "victim"]).output
    }

    @Test func `a script that is killed repeats no epoch that it committed`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 2, in: folder) { cluster in
                let log = try Self.interrupt("script-mode", hosts: 1, cluster, folder)
                #expect(log.contains("goes on after epoch"), "\(log.prefix(3000))")
                // The line comes before the commit: the one that was being committed may stand twice.
                let epochs = Self.epochs(log)
                #expect(Set(epochs) == Set(1...300))
                #expect(epochs.count <= 301, "\(epochs.count) epochs in the log")
                let verified = try cluster.lockstep(["verify", "victim"])
                #expect(verified.status == 64 && verified.error.contains("no history to verify"))
            }
        }
    }

    @Test func `an MPI program that loses a rank goes on from its checkpoint folder`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 2, in: folder) { cluster in
                let log = try Self.interrupt("mpi-program", hosts: 2, cluster, folder)
                #expect(log.contains("goes on after epoch"), "\(log.prefix(3000))")
                let epochs = Self.epochs(log)
                #expect(epochs.last == 300)
                // The epoch that was being saved may be taken again.
                #expect(epochs.count <= 301, "\(epochs.count) epochs in the log")
            }
        }
    }
}
