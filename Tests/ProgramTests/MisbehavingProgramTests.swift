import Foundation
import JobSpecs
import ProgramContract
import Testing

/// Issue 4: whatever a program does, it ends with the right outcome and a clear reason, and nothing of it
/// is left.
@Suite("Programs that misbehave", .serialized)
struct MisbehavingProgramTests {
    private func expect(
        _ bench: RunnerBench, _ run: RunnerBench.Run, _ outcome: ProgramReport.Outcome, status: Int32,
        says message: String? = nil, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(run.end?.outcome == outcome, "\(run.error)", sourceLocation: location)
        #expect(run.status == status, "\(run.error)", sourceLocation: location)
        if let message {
            let said = run.end?.message ?? ""
            #expect(said.contains(message), "\(said)", sourceLocation: location)
        } else {
            #expect(run.end?.message == nil, sourceLocation: location)
        }
        #expect(bench.leftovers() == [], sourceLocation: location)
    }

    private func sh(_ script: String) -> [String] { ["/bin/sh", "-c", script] }
    private func python(_ script: String) -> [String] { ["python3", "-c", script] }

    @Test("it ignores SIGTERM")
    func ignoresStop() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(
            sh(
                "trap 'echo asked > /opt/ml/model/asked' TERM; touch /opt/ml/model/ready; "
                    + "while :; do sleep 0.1; done; : \(bench.token)"))
        let run = try bench.run(plan, signal: SIGUSR1)
        expect(bench, run, .stopped, status: 0)
        // It was asked, lived on, and ended all the same.
        #expect(bench.text(plan.staging(0) + "/model/asked") == "asked\n")
        #expect(FileManager.default.fileExists(atPath: plan.staging(0) + "/model/ready"))
    }

    @Test("it saves its model when it is stopped")
    func savesOnStop() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        // The child saves, after the shell that started it is gone: every process gets the signal.
        let child = """
            trap "sleep 1; echo saved > /opt/ml/model/m; exit" TERM
            touch /opt/ml/model/ready; while :; do sleep 0.1; done
            """
        let plan = bench.plan(sh("sh -c '\(child)' & sleep 60"), grace: 100)
        // Who waited for the grace to be over would be killed before.
        let run = try bench.run(plan, signal: SIGUSR1)
        expect(bench, run, .stopped, status: 0)
        #expect(bench.text(plan.staging(0) + "/model/m") == "saved\n")
    }

    @Test("it has stopped itself, and hears of the end all the same")
    func stopsItself() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let script = "trap 'echo heard; exit 1' TERM; touch /opt/ml/model/ready; kill -STOP $$; sleep 60"
        let run = try bench.run(bench.plan(sh(script), grace: 40), signal: SIGUSR1, seconds: 60)
        expect(bench, run, .stopped, status: 0)
        #expect(run.output == "heard\n", "\(run.error)")
    }

    @Test("it forks children that outlive it")
    func leavesChildren() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(
            python(
                """
                import os
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        os.execve('/bin/sh', ['sh', '-c', 'trap "" TERM; sleep 100; : \(bench.token)'], {})
                    os._exit(0)
                """))
        expect(bench, try bench.run(plan), .completed, status: 0)
    }

    @Test("it fills its disk", arguments: [false, true])
    func fillsDisk(inOneFile: Bool) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let script =
            inOneFile
            ? """
            f = os.open('/opt/ml/output/data/f', os.O_CREAT | os.O_RDWR)
            for i in range(1, 2000): os.posix_fallocate(f, 0, i << 20)
            """
            : """
            for i in range(20):
                f = os.open('/opt/ml/output/data/%d' % i, os.O_CREAT | os.O_RDWR)
                os.posix_fallocate(f, 0, 100 << 20)
            time.sleep(60)
            """
        let plan = bench.plan(python("import os, time\n" + script)) {
            $0.resources.volumeGB = 1
        }
        let run = try bench.run(plan)
        #expect(run.status != 0)
        expect(bench, run, .failed, status: run.status, says: "the volume of 1 GB (VolumeSizeInGB) is full")
    }

    @Test("it eats its memory", arguments: [1, 3])
    func eatsMemory(processes: Int) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(
            python(
                """
                import os, time
                for i in range(\(processes - 1)):
                    if os.fork() == 0: break
                x = []
                while len(x) < 4000 // \(processes): x.append(bytearray(1 << 20)); time.sleep(0.001)
                time.sleep(60)
                """))
        let run = try bench.run(plan, memoryBytes: 256 << 20)
        expect(bench, run, .failed, status: 137, says: "memory limit of \(256 << 20) bytes")
    }

    @Test("it prints 200 MB")
    func printsMuch() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(
            python(
                """
                import sys
                block = ('x' * 99 + '\\n') * 10000
                for i in range(200): sys.stdout.write(block)
                print('loss=0.5')
                """)
        ) {
            $0.metrics = [JobSpec.MetricPattern(name: "m", regex: "loss=([0-9.]+)")]
        }
        let run = try bench.run(plan)
        expect(bench, run, .completed, status: 0)
        #expect(run.reports.contains { $0.kind == .metric && $0.value == 0.5 })
        #expect(run.output.utf8.count > 60 << 20 && run.output.utf8.count < 65 << 20)
        #expect(run.output.hasSuffix("the rest is left out\n"))
    }

    @Test("it fails, and says why")
    func fails() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(sh("echo lost >&2; echo 'lockstep-program {\"kind\":\"ended\"}' >&2; exit 1"))
        let run = try bench.run(plan)
        expect(bench, run, .failed, status: 1, says: "lost")
        #expect(run.end?.message?.hasSuffix(", exit code: 1") == true)
        #expect(run.reports.count == 2)
    }

    @Test("it writes binary into its failure file")
    func binaryFailure() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(
            python(
                """
                open('/opt/ml/output/failure', 'wb').write(b'bad\\x00\\xff\\xfe data' * 500)
                raise SystemExit(4)
                """
            ))
        let run = try bench.run(plan)
        expect(bench, run, .failed, status: 4, says: "bad\u{FFFD}\u{FFFD}\u{FFFD} data")
        #expect(run.end?.message?.count == 1024 + ", exit code: 4".count)
    }

    @Test("its failure file is a link to somebody else's")
    func linkedFailure() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(
            sh(
                """
                ln -s /etc/passwd /opt/ml/output/failure
                ln -s /etc /opt/ml/output/data/etc; ln -s /etc/passwd /opt/ml/output/data/p; exit 2
                """
            ))
        let run = try bench.run(plan)
        expect(bench, run, .failed, status: 2, says: "exit code: 2")
        #expect(run.end?.message?.contains("root") == false)
        #expect(try bench.shell("find \(plan.folder) -type l") == "")
    }

    struct Broken: CustomTestStringConvertible {
        var content: String?
        var isExecutable = true
        var message: String
        var testDescription: String { message }
    }

    @Test(
        "it cannot be executed",
        arguments: [
            Broken(message: "cannot be executed: there is no such file"),
            Broken(content: "#!/bin/sh\n", isExecutable: false, message: "it has no execute permission"),
            Broken(
                content: "#!/no/such/interpreter\n",
                message: "its interpreter /no/such/interpreter, which its first line names, is not"),
            Broken(content: "hello\n", message: "neither a program of this machine nor begins with #!"),
        ])
    func cannotBeExecuted(_ broken: Broken) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let path = bench.folder + "/program"
        if let content = broken.content {
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            chmod(path, broken.isExecutable ? 0o755 : 0o644)
        }
        let run = try bench.run(bench.plan([path]))
        #expect(run.status != 0)
        expect(bench, run, .notStarted, status: run.status, says: broken.message)
        #expect(run.end?.message?.contains(path) == true)
    }

    @Test("somebody kills it")
    func killed() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        expect(bench, try bench.run(bench.plan(sh("kill -9 $$"))), .signalled, status: 137, says: "SIGKILL")
    }

    @Test("the rest of the gang is gone")
    func abandoned() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(sh("touch /opt/ml/model/ready; sleep 60"))
        let run = try bench.run(plan, signal: SIGTERM)
        expect(bench, run, .abandoned, status: 143)
        #expect(!FileManager.default.fileExists(atPath: plan.staging(0) + "/model"))
    }

    @Test(
        "it runs on when another attempt has begun, or its worker's lease is over", arguments: [true, false])
    func fenced(byLease: Bool) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(sh("trap '' TERM; touch /opt/ml/model/ready; while :; do sleep 0.1; done"))
        try FileManager.default.createDirectory(atPath: plan.folder, withIntermediateDirectories: true)
        if byLease {
            let lease = open(bench.folder + "/lease", O_WRONLY | O_CREAT, 0o644)
            defer { close(lease) }
            LeaseClock(time: LeaseClock.now() - 10, fenceSeconds: 4).write(to: lease)
        } else {
            var successor = plan
            successor.mark = "2 mark"
            try successor.begin()
        }
        let run = try bench.run(plan)
        #expect(run.end?.outcome == .abandoned && run.status == 137, "\(run)")
        #expect(!FileManager.default.fileExists(atPath: plan.staging(0)), "it left something to be packed")
    }

    @Test("its runner is killed", arguments: [ProgramKind.script, .mpi])
    func runnerKilled(kind: ProgramKind) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let child = "trap \"\" TERM; sleep 100; : \(bench.token)"
        var plan = bench.plan(sh("setsid env -i sh -c '\(child)' & touch /opt/ml/model/ready; sleep 60"))
        plan.kind = kind
        let run = try bench.run(plan, memoryBytes: 1 << 30, signal: SIGKILL)
        #expect(run.status == 137)
        let deadline = Date(timeIntervalSinceNow: 5)
        while !bench.leftovers(treesToo: false).isEmpty, Date() < deadline { usleep(20_000) }
        #expect(bench.leftovers(treesToo: false) == [])
        // The tree goes with the next program of the worker, or when the worker sweeps.
        #expect(!bench.leftovers().isEmpty)
        guard kind == .script else {
            ProgramTrees.sweep(bench.scratch)
            return #expect(bench.leftovers() == [])
        }
        var next = bench.plan(["true"])
        next.attempt = 2
        expect(bench, try bench.run(next), .completed, status: 0)
    }
}
