import Foundation
import Testing

/// `mpirun -n N+1 lockstep-cluster`: a cluster out of an MPI world.
@Suite(.serialized) struct ClusterProgramTests {
    private static func job(_ name: String, stepDelay: Int = 0) -> SampleJob {
        var job = SampleJob.linearLearner(.dense, name: name)
        job.instanceCount = 3
        if stepDelay > 0 { job.environment["LOCKSTEP_STEP_DELAY_MS"] = "\(stepDelay)" }
        return job
    }

    /// The hash of the same job without any daemon.
    private static func expectedHash(_ folder: URL) throws -> String {
        let file = try job("by-hand").write(to: folder)
        return try #require(try Program.train(file, ranks: 1).modelHash)
    }

    /// Every process that belongs to the cluster of `folder`, zombies left out.
    private static func processes(_ folder: URL) throws -> String {
        let script =
            "for p in $(pgrep -f \"lockstep(d|-train|-cluster).*$1\"); do "
            + "grep -qs '^State:.Z' /proc/$p/status || tr '\\0' ' ' </proc/$p/cmdline; done"
        return try Program.run("bash", ["-c", script, "bash", folder.path], in: folder).output
            .split(separator: "\n").filter { !$0.contains("bash -c") }.joined(separator: "\n")
    }

    /// Trains one job, begins another, ends mpirun with `signal` and looks for what is left.
    private static func use(
        _ mpirun: RunningProgram, ending signal: Int32, in folder: URL,
        lockstep: ([String]) throws -> Program.Outcome
    ) throws {
        defer { if mpirun.process.isRunning { kill(mpirun.process.processIdentifier, SIGKILL) } }
        try #require(
            try RunningProgram.eventually(seconds: 20) {
                try lockstep(["workers", "list", "--output", "json"]).output
                    .components(separatedBy: "\"ready\"").count == 4
            }, "no three workers: \(mpirun.error)")
        let trained = try lockstep(["submit", try job("trained").write(to: folder).path, "--wait"])
        #expect(trained.status == 0, "\(trained.error) \(mpirun.error)")
        let expected = try expectedHash(folder)
        #expect(trained.modelHash == expected, "\(trained.output)")
        let left = try lockstep(["submit", try job("left", stepDelay: 200).write(to: folder).path])
        #expect(left.status == 0, "\(left.error)")
        try #require(
            try RunningProgram.eventually(seconds: 20) {
                try processes(folder).contains("lockstep-train")
            }, "the second job did not start: \(mpirun.error)")
        kill(mpirun.process.processIdentifier, signal)
        let end = mpirun.wait(seconds: 20)
        #expect(end.status != 137, "mpirun did not end: \(end.error)")
        let isEmpty = try RunningProgram.eventually(seconds: 15) { try processes(folder).isEmpty }
        #expect(isEmpty, "left running: \((try? processes(folder)) ?? "")")
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `four ranks become a cluster that trains, and end with mpirun`(_ signal: Int32) throws {
        try withTemporaryFolder { folder in
            let port = try LocalCluster.freePort()
            let mpirun = try Program.start(
                "mpirun",
                [
                    "-n", "4", "--bind-to", "none", Program.path("lockstep-cluster"), "--data-dir",
                    folder.appendingPathComponent("cluster").path, "--api", "127.0.0.1:\(port)",
                ], in: folder)
            try Self.use(mpirun, ending: signal, in: folder) { arguments in
                try Program.run(
                    "lockstep", arguments, in: folder,
                    environment: ["LOCKSTEP_ENDPOINT": "http://127.0.0.1:\(port)"])
            }
        }
    }

    @Test(.enabled(if: TestBed.obstacle == nil, "no test bed here: \(TestBed.obstacle ?? "")"))
    func `ranks on four hosts find each other and become a cluster`() throws {
        try withTemporaryFolder { folder in
            try TestBed.run(hosts: 4, in: folder) { bed in
                // Stands for the allocation's own launcher, as srun or ssh.
                let agent = folder.appendingPathComponent("agent")
                let testbed = Program.packageRoot.appendingPathComponent("scripts/testbed").path
                let script = """
                    #!/bin/sh
                    host=$1; shift
                    exec '\(testbed)' exec \(bed.name) "${host##*.}" sh -c "$*"

                    """
                try script.write(to: agent, atomically: true, encoding: .utf8)
                chmod(agent.path, 0o755)
                let hosts = (1...4).map { "\(bed.address($0)):1" }.joined(separator: ",")
                let mpirun = try bed.start(
                    1, "mpirun",
                    [
                        "-n", "4", "--host", hosts, "--mca", "plm_rsh_agent", agent.path, "--mca",
                        "btl_tcp_if_include", "eth0", "--mca", "oob_tcp_if_include", "eth0",
                        Program.path("lockstep-cluster"), "--data-dir",
                        folder.appendingPathComponent("cluster").path,
                    ], in: folder)
                try Self.use(mpirun, ending: SIGTERM, in: folder) { arguments in
                    try bed.start(
                        1, "lockstep", arguments, in: folder,
                        environment: ["LOCKSTEP_ENDPOINT": "http://127.0.0.1:7460"]
                    ).wait()
                }
            }
        }
    }
}
