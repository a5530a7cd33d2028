import Foundation
import Testing

/// Whether this machine has Slurm.
enum InstalledSlurm {
    /// Why Slurm cannot be tried here; `nil` when it can.
    static let obstacle: String? = {
        for program in ["slurmctld", "slurmd", "munged", "sbatch"]
        where !["/usr/sbin/", "/usr/bin/"].contains(where: {
            FileManager.default.isExecutableFile(atPath: $0 + program)
        }) {
            return "\(program) is not installed (Debian: slurmctld slurmd slurm-client munge)"
        }
        return TestBed.obstacle
    }()
}

/// The batch scripts of deploy/slurm under a real Slurm of three nodes, each a host of a test bed.
@Suite(
    .serialized,
    .enabled(if: InstalledSlurm.obstacle == nil, "no Slurm here: \(InstalledSlurm.obstacle ?? "")"))
struct SlurmTests {
    /// Runs `script` with Slurm's commands, the job's variables and `BATCH`, the folder of the scripts.
    private static func run(_ script: String, in folder: URL) throws -> Program.Outcome {
        let programs = Program.packageRoot.appendingPathComponent(".build/release").path
        return try Program.run(
            Program.packageRoot.appendingPathComponent("scripts/slurm-here").path,
            ["--nodes", "3", "--tasks", "2", "bash", "-euc", script], in: folder,
            environment: [
                "LOCKSTEP_BIN": programs, "PATH": "\(programs):/usr/sbin:/usr/bin:/sbin:/bin",
                "BATCH": Program.packageRoot.appendingPathComponent("deploy/slurm").path,
            ], seconds: 150)
    }

    private static func job(_ name: String, ranks: Int = 1, stepDelay: Int = 0) -> SampleJob {
        var job = SampleJob.linearLearner(.dense, name: name)
        job.instanceCount = ranks
        job.hyperparameters["checkpoint_interval_steps"] = "5"
        if stepDelay > 0 { job.environment["LOCKSTEP_STEP_DELAY_MS"] = "\(stepDelay)" }
        return job
    }

    @Test func `a batch job trains on three nodes, and another goes on where one was ended`() throws {
        try withTemporaryFolder { folder in
            let expected = try Program.train(Self.job("alone").write(to: folder), ranks: 1).modelHash
            _ = try Self.job("whole").write(to: folder)
            _ = try Self.job("srun").write(to: folder)
            _ = try Self.job("halves", stepDelay: 150).write(to: folder)
            let script = """
                sbatch --wait -o whole.log --nodes=3 --ntasks=5 "$BATCH/train.sbatch" whole.json
                LOCKSTEP_LAUNCHER=srun sbatch --wait -o srun.log --nodes=3 --ntasks=3 \\
                    "$BATCH/train.sbatch" srun.json
                id=$(sbatch --parsable -o first.log --nodes=2 --ntasks=2 "$BATCH/train.sbatch" halves.json)
                for _ in $(seq 200); do
                    ls output/halves/checkpoints 2>/dev/null | grep -q . && break
                    sleep 0.1
                done
                scancel --batch --signal=TERM "$id"
                for _ in $(seq 200); do squeue -h -j "$id" 2>/dev/null | grep -q . || break; sleep 0.1; done
                sbatch --wait -o second.log --nodes=3 --ntasks=3 "$BATCH/train.sbatch" halves.json
                """
            let outcome = try Self.run(script, in: folder)
            let log = { (name: String) in
                (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
            }
            try #require(outcome.status == 0, "\(outcome.error) \(log("whole.log"))")
            let line = "model-hash: \(expected ?? "none")"
            #expect(log("whole.log").contains(line), "\(log("whole.log"))")
            #expect(log("srun.log").contains(line), "\(log("srun.log"))")
            #expect(!log("first.log").contains("model-hash"), "it was over before it was ended")
            #expect(log("second.log").contains(line), "\(log("first.log")) \(log("second.log"))")
        }
    }

    @Test func `an allocation becomes a cluster that runs jobs`() throws {
        try withTemporaryFolder { folder in
            let expected = try Program.train(Self.job("alone").write(to: folder), ranks: 1).modelHash
            _ = try Self.job("one", ranks: 2).write(to: folder)
            _ = try Self.job("two", ranks: 1).write(to: folder)
            let script = """
                sbatch --wait -o good.log --nodes=3 --ntasks-per-node=1 \\
                    "$BATCH/cluster.sbatch" one.json two.json
                sbatch --wait -o bad.log --nodes=3 --ntasks-per-node=1 "$BATCH/cluster.sbatch" absent.json \\
                    && exit 9
                for _ in $(seq 50); do pgrep -f "lockstepd .*$PWD/" >/dev/null || exit 0; sleep 0.1; done
                pgrep -af "lockstepd .*$PWD/"
                exit 8
                """
            let outcome = try Self.run(script, in: folder)
            let log = try String(contentsOf: folder.appendingPathComponent("good.log"), encoding: .utf8)
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.error) \(log)")
            #expect(log.components(separatedBy: "model-hash: \(expected ?? "none")").count == 3, "\(log)")
        }
    }
}
