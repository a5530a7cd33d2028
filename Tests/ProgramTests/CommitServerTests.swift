import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import JobSpecs
import ProgramContract
import ProgramRunner
import Storage
import StorageLocations
import Synchronization
import Testing

@Suite("Commits of a Python program")
struct CommitServerTests {
    /// A job whose ranks run a Python script each, and what its servers said.
    private final class Job: Sendable {
        let folder: String
        let patienceSeconds: Double
        private let said = Mutex<[String]>([])

        init(_ folder: String, patienceSeconds: Double = 10) {
            self.folder = folder
            self.patienceSeconds = patienceSeconds
        }

        var lines: [String] { said.withLock { $0 } }
        var storage: String { "\(folder)/out/j/checkpoints/\(CommitServer.folderName)/j" }
        func memory(_ worker: String) -> String { "\(folder)/shm-\(worker)/j" }

        var stored: [CommitName] {
            get throws { try FileSystem.names(in: storage).compactMap { CommitName(fileName: $0) } }
        }

        func server(_ rank: Int, of workers: [String], attempt: Int) throws -> CommitServer {
            let job = JobSpec(
                name: JobName("j"),
                locations: JobSpec.Locations(output: StorageLocation(path: folder + "/out")))
            let hosts = workers.enumerated().map {
                ProgramPlan.Host(name: "algo-\($0 + 1)", address: "127.0.0.1", worker: $1)
            }
            let plan = ProgramPlan(
                job: job, kind: .script, attempt: attempt, hosts: hosts,
                folder: "\(folder)/out/j/programs/\(attempt)", mark: "\(attempt) mark")
            let settings = WorkerSettings(
                worker: workers[rank], slots: 1, scratch: folder,
                sharedMemory: "\(folder)/shm-\(workers[rank])")
            let base = "\(folder)/trees/\(attempt)-\(rank)"
            return try CommitServer(
                plan, rank: rank, settings: settings, base: base, visibleBase: base,
                patienceSeconds: patienceSeconds
            ) { line in self.said.withLock { $0.append(line) } }
        }

        /// Runs a script on every rank.
        ///
        /// - Parameters:
        ///   - missing: ranks that never come.
        ///   - stopping: whether to ask for a stop when a commit has been made.
        func run(
            _ script: String, on workers: [String], attempt: Int, missing: Set<Int> = [],
            stopping: Bool = false
        ) throws -> [PythonRun] {
            let ranks = workers.indices.filter { !missing.contains($0) }
            let servers = try ranks.map { try server($0, of: workers, attempt: attempt) }
            for server in servers { try server.start() }
            defer { for server in servers { server.end() } }
            let outputs = ranks.map { "\(folder)/output-\(attempt)-\($0)" }
            let pids = try zip(ranks, servers).map { rank, server in
                var environment = server.environment
                environment["RANK"] = String(rank)
                environment["WORLD_SIZE"] = String(workers.count)
                environment["ATTEMPT"] = String(attempt)
                environment["FOLDER"] = folder
                return try PythonRun.start(
                    script, environment: environment, output: "\(folder)/output-\(attempt)-\(rank)")
            }
            if stopping {
                let limit = Date(timeIntervalSinceNow: 20)
                while !lines.contains(where: { $0.contains("committed") }), Date() < limit { usleep(5000) }
                for server in servers { server.askToStop() }
            }
            return try zip(pids, outputs).map { try PythonRun.wait($0, output: $1) }
        }

        var reports: [ProgramReport] { lines.compactMap { ProgramReport(line: $0) } }
    }

    /// Counts to 6; in the first attempt it kills itself after the commit of 3.
    private static let counting = """
        import os, signal, lockstep
        state = lockstep.resume() or {"epoch": 0, "sum": 0.1, "name": "ü", "raw": b"\\x00\\xff"}
        assert state["epoch"] == (lockstep.last_step() or 0)
        while state["epoch"] < 6:
            state["epoch"] += 1
            state["sum"] += 1 / state["epoch"]
            with open(os.environ["FOLDER"] + "/epochs-%d" % lockstep.rank(), "a") as log:
                log.write("%d " % state["epoch"])
            lockstep.report({"sum": state["sum"], "bad": float("nan")}, step=state["epoch"])
            lockstep.commit(state, step=state["epoch"])
            if state["epoch"] == 3 and os.environ["ATTEMPT"] == "1":
                os.kill(os.getpid(), signal.SIGKILL)
        print(repr(state["sum"]), state["name"], state["raw"])
        """

    @Test("after kill -9 a script goes on from its last commit, and repeats no epoch")
    func killed() throws {
        try withFolder { folder in
            let job = Job(folder)
            #expect(try job.run(Self.counting, on: ["w1"], attempt: 1).map(\.status) == [128 + SIGKILL])
            let second = try job.run(Self.counting, on: ["w2"], attempt: 2)
            // As one run gives it, to the last bit.
            var sum = 0.1
            for epoch in 1...6 { sum += 1 / Double(epoch) }
            #expect(second.map(\.output) == ["\(sum) ü b'\\x00\\xff'\n"])
            #expect(try String(contentsOfFile: folder + "/epochs-0", encoding: .utf8) == "1 2 3 4 5 6 ")
            #expect(job.reports.filter { $0.kind == .committed }.map(\.step) == [1, 2, 3, 4, 5, 6])
            let metrics = job.reports.filter { $0.kind == .metric }
            #expect(
                metrics.map(\.name) == Array(repeating: "sum", count: 6)
                    && metrics.map(\.step) == Array(1...6))
            #expect(job.lines.contains("lockstep: metric bad is nan, which is no number to keep"))
            #expect(try job.stored.map(\.step).sorted() == [5, 6])
            #expect(try FileSystem.names(in: job.memory("w1")).isEmpty)
        }
    }

    /// Says what it resumed, then commits the steps up to STEPS[rank].
    private static func steps(_ steps: [Int]) -> String {
        """
        import lockstep
        state = lockstep.resume()
        print(None if state is None else (lockstep.last_step(), state["rank"]))
        for step in range(1, \(steps)[lockstep.rank()] + 1):
            lockstep.commit({"rank": lockstep.rank(), "step": step}, step=step)
        """
    }
    private static let asking = steps(Array(repeating: 0, count: 8))

    @Test("all ranks go on from the newest step that all have, however many they are then")
    func worlds() throws {
        try withFolder { folder in
            let job = Job(folder)
            let first = try job.run(Self.steps([5, 4, 5]), on: ["w1", "w1", "w2"], attempt: 1)
            #expect(first.map(\.output) == Array(repeating: "None\n", count: 3))
            let second = try job.run(Self.asking, on: ["w1", "w2"], attempt: 2)
            #expect(second.map(\.output) == ["(4, 0)\n", "(4, 1)\n"])
            let third = try job.run(Self.asking, on: ["w1", "w2", "w2", "w1", "w1"], attempt: 3)
            #expect(third.map(\.output) == (0..<5).map { "(4, \($0 % 3))\n" })
        }
    }

    @Test("damaged and torn commits are set aside, and the step before is taken")
    func damaged() throws {
        try withFolder { folder in
            let job = Job(folder)
            _ = try job.run(Self.steps([4, 4]), on: ["w1", "w2"], attempt: 1)
            let newest = CommitName(attempt: 1, rank: 1, world: 2, step: 4)
            let path = job.storage + "/" + newest.fileName
            var bytes = try AtomicFile.read(path)
            bytes[20] ^= 1
            try AtomicFile.write(bytes, to: path)
            #expect(try job.run(Self.asking, on: ["w1"], attempt: 2).map(\.output) == ["(3, 0)\n"])
            #expect(try FileSystem.kind(of: path + ".damaged") == .file)
            #expect(job.lines.contains { $0.contains("is not what was written; it is set aside") })
            for rank in 0..<2 {
                let torn = CommitName(attempt: 1, rank: rank, world: 2, step: 3)
                let whole = try AtomicFile.read(job.storage + "/" + torn.fileName)
                try AtomicFile.write(Array(whole.dropLast(rank + 1)), to: job.storage + "/" + torn.fileName)
            }
            #expect(try job.run(Self.asking, on: ["w1"], attempt: 3).map(\.output) == ["None\n"])
        }
    }

    @Test("what only a node's memory holds is taken along; a node that is gone costs what only it held")
    func memoryOnly() throws {
        for isLost in [false, true] {
            try withFolder { folder in
                let job = Job(folder)
                _ = try job.run(Self.steps([3, 3]), on: ["w1", "w2"], attempt: 1)
                // As if the runners had died before they had copied step 3.
                for rank in 0..<2 {
                    let name = CommitName(attempt: 1, rank: rank, world: 2, step: 3)
                    try FileSystem.rename(
                        job.storage + "/" + name.fileName,
                        to: job.memory("w\(rank + 1)") + "/" + name.fileName)
                }
                let workers = isLost ? ["w1", "w3"] : ["w2", "w1"]
                let expected = isLost ? 2 : 3
                let second = try job.run(Self.asking, on: workers, attempt: 2)
                #expect(second.map(\.output) == ["(\(expected), 0)\n", "(\(expected), 1)\n"])
            }
        }
    }

    @Test("a rank that never comes costs time and a warning, not the state")
    func missingRank() throws {
        try withFolder { folder in
            let job = Job(folder, patienceSeconds: 0.3)
            _ = try job.run(Self.steps([2, 2]), on: ["w1", "w2"], attempt: 1)
            let second = try job.run(Self.asking, on: ["w1", "w2"], attempt: 2, missing: [1])
            #expect(second.map(\.output) == ["(2, 0)\n"])
            #expect(
                job.lines.contains { $0.contains("rank 1 on w2 has not said what its node's memory held") })
            // Without rank 0 there is no choice, and so no state rather than some other state.
            let third = try job.run(Self.asking, on: ["w1", "w2"], attempt: 3, missing: [0])
            #expect(third.map(\.status) == [1])
            #expect(third.first?.output.contains("rank 0 has not chosen a commit") == true)
        }
    }

    @Test("a stop that is asked for reaches the loop")
    func stop() throws {
        let script = """
            import time, lockstep
            step = 0
            while not lockstep.should_stop() and step < 4000:
                step += 1
                lockstep.commit({"step": step})
                time.sleep(0.005)
            print("stopped" if step < 4000 else "never")
            """
        try withFolder { folder in
            let job = Job(folder)
            let runs = try job.run(script, on: ["w1"], attempt: 1, stopping: true)
            #expect(runs.map(\.output) == ["stopped\n"])
        }
    }

    @Test("what cannot be committed is an error in the script, and the connection goes on")
    func refused() throws {
        let script = """
            import lockstep
            lockstep.commit({"a": 1}, step=5)
            for step, state in ((4, {"a": b"x" * 3000000}), (6, {"a": {1, 2}}), (-1, {})):
                try:
                    lockstep.commit(state, step=step)
                except (RuntimeError, TypeError) as error:
                    print(error)
            lockstep.commit({"a": 2}, step=5)
            lockstep.commit({"a": b"x" * 3000000})
            print(lockstep.last_step())
            """
        try withFolder { folder in
            let job = Job(folder)
            let run = try #require(try job.run(script, on: ["w1"], attempt: 1).first)
            #expect(
                run.output.split(separator: "\n") == [
                    "commit of step 4 after step 5: steps of commits must grow",
                    "state['a'] is a set; a state holds numbers, text, bytes, None, lists, tuples, dicts "
                        + "and numpy arrays",
                    "step is -1, but must be a whole number from 0", "6",
                ])
            #expect(try job.stored.map(\.step) == [5, 6])
        }
    }

    @Test("once another attempt has begun, nothing more is committed")
    func superseded() throws {
        let script = """
            import os, lockstep
            lockstep.commit({"a": 1}, step=1)
            programs = os.environ["FOLDER"] + "/out/j/programs"
            os.makedirs(programs)
            open(programs + "/current", "w").write("1 mark\\n")
            lockstep.commit({"a": 2}, step=2)
            open(programs + "/current", "w").write("2 mark\\n")
            try:
                lockstep.commit({"a": 3}, step=3)
            except RuntimeError as error:
                print(error)
            """
        try withFolder { folder in
            let job = Job(folder)
            let run = try #require(try job.run(script, on: ["w1"], attempt: 1).first)
            #expect(
                run.output
                    == "the commit is not written: another attempt of the job has begun since this one did\n"
            )
            let asking = "import lockstep; print(lockstep.resume())"
            #expect(try job.run(asking, on: ["w1"], attempt: 2).map(\.output) == ["{'a': 2}\n"])
        }
    }

    @Test("a commit that shared storage refuses for a while gets there in the end")
    func refusedForAWhile() throws {
        // Where the copy is to be written lies a socket, which cannot be opened.
        let script = """
            import os, socket, threading, lockstep
            folder = os.environ["FOLDER"] + "/out/j/checkpoints/lockstep-commits/j"
            os.makedirs(folder)
            os.chdir(folder)
            name = "program-commit-1-0-1-2.writing"
            socket.socket(socket.AF_UNIX).bind(name)
            lockstep.commit({"a": 1}, step=1)
            lockstep.commit({"a": 2}, step=2)
            threading.Timer(1, os.unlink, [name]).start()
            """
        try withFolder { folder in
            let job = Job(folder)
            _ = try job.run(script, on: ["w1"], attempt: 1)
            #expect(try job.stored.map(\.step) == [1, 2])
            #expect(try FileSystem.names(in: job.memory("w1")).isEmpty)
            #expect(!job.lines.contains { $0.contains("memory only") }, "\(job.lines)")
        }
    }

    @Test("without room in shared memory commits go to shared storage at once")
    func noMemory() throws {
        try withFolder { folder in
            let job = Job(folder)
            // A file where the folder should be.
            try AtomicFile.write([], to: folder + "/shm-w1")
            _ = try job.run(Self.steps([2]), on: ["w1"], attempt: 1)
            #expect(try job.stored.map(\.step) == [1, 2])
            #expect(job.lines.contains { $0.contains("commit 1 goes straight to shared storage") })
            #expect(try job.run(Self.asking, on: ["w1"], attempt: 2).map(\.output) == ["(2, 0)\n"])
        }
    }

    @Test("a script that never asks whether to stop ends after SIGTERM with its next commit")
    func terminated() throws {
        let script = """
            import os, signal, lockstep
            state = lockstep.resume() or {"n": 0}
            for state["n"] in range(state["n"] + 1, 5):
                if state["n"] == 2 and os.environ["ATTEMPT"] == "1":
                    os.kill(os.getpid(), signal.SIGTERM)
                print(state["n"], flush=True)
                lockstep.commit(state, step=state["n"])
            """
        try withFolder { folder in
            let job = Job(folder)
            let first = try #require(try job.run(script, on: ["w1"], attempt: 1).first)
            #expect(first.status == 128 + SIGTERM && first.output == "1\n2\n")
            #expect(try job.run(script, on: ["w1"], attempt: 2).first?.output == "3\n4\n")
        }
    }

    @Test("without Lockstep a script runs, and keeps its state in a file if it is told one")
    func alone() throws {
        let script = """
            import os, signal, lockstep
            state = lockstep.resume()
            print(state, lockstep.last_step(), lockstep.rank(), lockstep.world_size(), lockstep.should_stop())
            lockstep.commit({"a": [1, (2.5, b"x")], "$b": {"$c": None}}, step=3)
            lockstep.report({"loss": 0.5}, step=3)
            os.kill(os.getpid(), signal.SIGTERM)
            print(lockstep.should_stop())
            """
        try withFolder { folder in
            try PythonPackage.install(base: folder)
            let output = folder + "/log"
            func run(_ environment: [String: String]) throws -> String {
                let variables = environment.merging(["PYTHONPATH": PythonPackage.folder(folder)]) { $1 }
                let pid = try PythonRun.start(script, environment: variables, output: output)
                return try PythonRun.wait(pid, output: output).output
            }
            let fresh = "None None 0 1 False\nstep=3 loss=0.5\nTrue\n"
            #expect(try run([:]) == fresh && run([:]) == fresh)
            let kept = ["LOCKSTEP_COMMIT_FILE": folder + "/state"]
            #expect(try run(kept) == fresh)
            let again = "{'a': [1, (2.5, b'x')], '$b': {'$c': None}} 3 0 1 False\nstep=3 loss=0.5\nTrue\n"
            #expect(try run(kept) == again)
        }
    }
}
