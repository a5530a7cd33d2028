import ClusterTypes
import Diagnostics
import Foundation
import JSON
import JobSpecs
import Processes
import ProgramContract
import Storage
import StorageLocations
import Testing

import ProgramRunner

@Suite("Parts of the runner")
struct RunnerPartsTests {
    static func plan(hosts: Int = 2, _ change: (inout JobSpec) -> Void = { _ in })
        -> ProgramPlan
    {
        var job = JobSpec(
            name: JobName("job"), arn: "arn:aws:sagemaker:eu-west-3:1:training-job/job",
            locations: JobSpec.Locations(output: StorageLocation(path: "/nowhere")))
        change(&job)
        return ProgramPlan(
            job: job, kind: .script, attempt: 1,
            hosts: (0..<hosts).map {
                .init(name: "algo-\($0 + 1)", address: "10.0.0.\($0 / 2)", worker: "w\($0 / 2)")
            },
            folder: "/nowhere/job/programs/1")
    }

    struct End: CustomTestStringConvertible {
        var status: ProgramEnd.Status
        var reason: ProgramEnd.Reason?
        var isOutOfMemory = false
        var outcome: ProgramReport.Outcome
        var exit: Int32
        var testDescription: String { "\(status) \(String(describing: reason))" }
    }

    @Test(
        "how a program ended decides what that is called and how the runner ends",
        arguments: [
            End(status: .exit(0), outcome: .completed, exit: 0),
            End(status: .exit(3), outcome: .failed, exit: 3),
            End(status: .exit(137), outcome: .failed, exit: 137),
            End(status: .signal(9), outcome: .signalled, exit: 137),
            End(status: .signal(15), outcome: .signalled, exit: 143),
            End(status: .signal(1), outcome: .signalled, exit: 129),
            End(status: .signal(11), outcome: .failed, exit: 139),
            End(status: .unknown, outcome: .killed, exit: 137),
            End(status: .exit(0), reason: .stop, outcome: .stopped, exit: 0),
            End(status: .exit(1), reason: .stop, outcome: .stopped, exit: 0),
            End(status: .signal(9), reason: .stop, outcome: .stopped, exit: 0),
            End(status: .exit(0), reason: .abandon, outcome: .abandoned, exit: 143),
            End(status: .signal(9), reason: .memory(bytes: 7), outcome: .failed, exit: 137),
            End(status: .signal(9), reason: .disk(gigabytes: 1), outcome: .failed, exit: 137),
            End(status: .signal(9), isOutOfMemory: true, outcome: .failed, exit: 137),
            End(status: .exit(0), isOutOfMemory: true, outcome: .completed, exit: 0),
            End(status: .signal(25), outcome: .failed, exit: 153),
        ])
    func outcomes(_ end: End) {
        let made = ProgramEnd(
            status: end.status, reason: end.reason, isOutOfMemory: end.isOutOfMemory, memoryBytes: 7,
            volumeGB: 1)
        #expect(made.outcome == end.outcome)
        #expect(made.runnerStatus == end.exit)
    }

    @Test("what is said of a failure")
    func messages() {
        let failed = ProgramEnd(status: .exit(3))
        #expect(failed.message(failure: "bad data", errors: "trace") == "bad data, exit code: 3")
        #expect(failed.message(failure: nil, errors: "trace") == "trace, exit code: 3")
        #expect(failed.message(failure: nil, errors: nil) == "exit code: 3")
        #expect(ProgramEnd(status: .exit(0)).message(failure: "x", errors: "y") == nil)
        let crash = ProgramEnd(status: .signal(11)).message(failure: nil, errors: nil)
        #expect(crash == "the program was ended by SIGSEGV, exit code: 139")
        let full = ProgramEnd(status: .signal(9), reason: .disk(gigabytes: 4))
        #expect(full.message(failure: "x", errors: nil) == "the volume of 4 GB (VolumeSizeInGB) is full")
        let memory = ProgramEnd(status: .signal(9), reason: .memory(bytes: 77)).message(
            failure: nil, errors: nil)
        #expect(memory?.contains("OutOfMemory") == true && memory?.contains("77 bytes") == true)
        let filled = ProgramEnd(status: .signal(25), volumeGB: 2)
        #expect(filled.message(failure: nil, errors: nil) == "the volume of 2 GB (VolumeSizeInGB) is full")
    }

    private func find(_ regex: String, _ line: String) throws -> [Double] {
        var finder = try MetricFinder([JobSpec.MetricPattern(name: "m", regex: regex)])
        return Array(line.utf8).withUnsafeBufferPointer { finder.find(in: $0).map(\.value) }
    }

    @Test("a pattern that would take for ever is given up, once")
    func hopeless() throws {
        var finder = try MetricFinder(
            ["(a+)+$", "x=(.)"].map { JobSpec.MetricPattern(name: "m", regex: $0) })
        let line = Array((String(repeating: "a", count: 3000) + "! x=1").utf8)
        var said = 0
        for _ in 0..<3 {
            let found = line.withUnsafeBufferPointer { finder.find(in: $0) { _ in said += 1 } }
            #expect(found.map(\.value) == [1])
        }
        #expect(said == 1)
        // Length alone is no fault.
        #expect(try find("[b-z]+=([0-9])", String(repeating: "a", count: 60_000) + "x=7") == [7])
    }

    @Test("metrics are what the first group says")
    func metrics() throws {
        #expect(try find("loss=([0-9.]+)", "epoch 1 loss=0.25 done") == [0.25])
        #expect(try find("loss: (.*?);", "loss: 1e-3; x") == [0.001])
        #expect(try find("[0-9]+", "n 17") == [17])
        #expect(try find("loss=(\\S+)", "loss=none") == [])
        #expect(try find("loss=(.*)", "acc=1") == [])
        #expect(try find("a|loss=([0-9]+)", "loss=3") == [3])
        #expect(try find("los?s=([0-9]+)", "los=3") == [3])
        #expect(try find("lo*ss=([0-9]+)", "lss=3") == [3])
        #expect(try find("[[a-z]x]loss=([0-9]+)", "bloss=3") == [3])
        #expect(try find("\\x6coss=([0-9]+)", "loss=3") == [3])
        #expect(try find("(?i)LOSS=([0-9]+)", "loss=3") == [3])
        let long = String(repeating: "x", count: 5000)
        #expect(try find("loss=([0-9]+)", long + "loss=3" + long) == [3])
        #expect(try find("^loss=([0-9]+)", long + " loss=3" + long) == [])
        #expect(try find("loss=(\\S+)", "loss=nan") == [])
        let error = #expect(throws: LockstepError.self) { try find("lo(ss", "x") }
        #expect(error?.message.contains("MetricDefinitions m") == true)
        #expect(MetricFinder.landmark("train loss=([0-9.]+)") == "train loss=")
        #expect(MetricFinder.landmark("x=(.*) loss: ab?") == " loss: a")
    }

    @Test("cores are dealt out to the slots")
    func cores() {
        #expect(HostLimits.share(of: [0, 1, 2, 3], slots: 1, slot: 0) == [])
        #expect(HostLimits.share(of: [0, 1, 2, 3], slots: 2, slot: 1) == [2, 3])
        #expect(HostLimits.share(of: [4, 5, 6], slots: 2, slot: 1) == [5])
        #expect(HostLimits.share(of: [4, 5], slots: 3, slot: 2) == [4])
    }

    @Test("the environment of a program")
    func environment() {
        let plan = Self.plan(hosts: 4) { $0.environment = ["A": "job", "RANK": "9", "OMP_NUM_THREADS": "3"] }
        let inherited = [
            "A": "node", "OMPI_COMM_WORLD_RANK": "1", "LOCKSTEP_ATTEMPT_DIR": "/x",
            "LOCKSTEP_WORKER_FILE": "/y",
            "OPENBLAS_NUM_THREADS": "1", "LANG": "C",
        ]
        var maker = ProgramEnvironment(inherited: inherited, base: "/opt/ml", threads: 2)
        let variables = maker.variables(plan, rank: 3)
        #expect(variables["A"] == "job")
        #expect(variables["RANK"] == "3")
        #expect(variables["LOCAL_RANK"] == "1")
        #expect(variables["WORLD_SIZE"] == "4")
        #expect(variables["MASTER_ADDR"] == "10.0.0.0")
        #expect(variables["AWS_REGION"] == "eu-west-3")
        #expect(variables["OMP_NUM_THREADS"] == "3")
        #expect(variables["LOCKSTEP_ATTEMPT_DIR"] == "/x")
        for name in [
            "OMPI_COMM_WORLD_RANK", "LOCKSTEP_WORKER_FILE", "OPENBLAS_NUM_THREADS", "SAGEMAKER_BASE_DIR",
        ] {
            #expect(variables[name] == nil)
        }
        maker.base = "/scratch"
        #expect(maker.variables(plan, rank: 0)["SAGEMAKER_BASE_DIR"] == "/scratch")
        maker.isImage = true
        #expect(maker.variables(plan, rank: 0)["PATH"] == ProgramEnvironment.defaultPath)
        var world = plan
        world.kind = .mpi
        #expect(maker.variables(world, rank: 0)["OMPI_COMM_WORLD_RANK"] == "1")
    }

    @Test("a program finds of the node's /tmp what its job names, and no more")
    func temporaryFolder() {
        func paths(_ words: [String], _ environment: [String: String] = [:], own: [String: String] = [:])
            -> [String]
        {
            TemporaryPaths(words, environment: environment, own: own) {
                $0 != "/tmp/none" && (!$0.hasSuffix("/pyvenv.cfg") || $0 == "/tmp/v/pyvenv.cfg")
            }.paths
        }
        #expect(paths(["/usr/bin/x", "/tmp", "/tmp/"], ["TMPDIR": "/tmp/x"]) == [])
        #expect(paths(["--file=/tmp/x/y", "[\"/tmp/z\"]", "/tmp/none"]) == ["/tmp/x/y", "/tmp/z"])
        #expect(paths(["a /tmp/x;/tmp/x/y"], own: ["A": "/tmp/./b//c"]) == ["/tmp/b/c", "/tmp/x"])
        #expect(paths([], ["PATH": "/bin:/tmp/v/bin"]) == ["/tmp/v"])
        #expect(paths(["/tmp/v/bin/python"]) == ["/tmp/v"])
        #expect(paths(["/data/tmp/x", "/tmp/../etc/passwd", "/tmp/a/../../tmp"]) == [])
    }

    @Test("damaged text is repaired")
    func repair() {
        var out: [UInt8] = []
        [0x61, 0xFF, 0, 0x62].withUnsafeBufferPointer { OutputRelay.repair($0, into: &out) }
        #expect(String(decoding: out, as: UTF8.self) == "a\u{FFFD}\u{FFFD}b")
        #expect(FailureFile.text([0x61, 0, 0xFF, 0x0A]) == "a\u{FFFD}\u{FFFD}")
        #expect(FailureFile.text(Array(String(repeating: "é", count: 2000).utf8))?.count == 1024)
    }

    @Test("checkpoints lie below /opt/ml")
    func checkpoints() throws {
        func path(_ local: String?) throws -> String {
            try ProgramHost.localCheckpoints(
                JobSpec.Locations(output: StorageLocation(path: "/out"), checkpointMount: local))
        }
        #expect(try path(nil) == "/checkpoints")
        #expect(try path("/opt/ml/a/b/") == "/a/b")
        for bad in ["/data", "/opt/ml", "/opt/ml/../x"] {
            #expect(throws: LockstepError.self) { try path(bad) }
        }
    }

    @Test("the gang's names replace older ones")
    func hosts() {
        let text = HostTree.hosts(Self.plan(), rank: 0, known: "127.0.0.1 localhost\n1.2.3.4 algo-1\n")
        #expect(text == "127.0.0.1 localhost\n10.0.0.0 algo-1\n10.0.0.0 algo-2\n")
    }
}
