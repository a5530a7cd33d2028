import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
import ProgramContract
import StorageLocations
import Testing

/// A folder in which `lockstepd run-program` runs one host as `mpirun` would, and what it leaves behind.
struct RunnerBench {
    struct Run {
        var status: Int32
        var output: String
        var error: String
        var reports: [ProgramReport]
        var seconds: Double
        var end: ProgramReport? { reports.last.flatMap { $0.kind == .ended ? $0 : nil } }
    }

    /// A word that nothing else on the machine has in its command line.
    let token = "bench\(UInt32.random(in: 1_000_000...9_999_999))"
    let folder: String
    private let program = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".build/release/lockstepd").path

    var scratch: String { folder + "/scratch" }

    /// Whether mounts can be made here: not in a chroot that is no mount point, nor in many containers.
    static let canMount: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "unshare -m true 2>/dev/null || unshare -Urm true 2>/dev/null"]
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(token).path
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func plan(
        hosts: Int = 1, _ words: [String], grace: Double = 2,
        _ change: (inout JobSpec) -> Void = { _ in }
    ) -> ProgramPlan {
        var program = JobSpec.Program(.script)
        // Where the tree cannot be mounted, it is where it lies.
        let tree = "\(scratch)/\(token)/1/algo-1"
        program.command = words.map {
            Self.canMount ? $0 : $0.replacingOccurrences(of: "/opt/ml", with: tree)
        }
        var job = JobSpec(
            name: JobName(token), arn: "arn:aws:sagemaker:us-east-1:1:training-job/x",
            work: JobSpec.Work(program: program),
            locations: JobSpec.Locations(output: StorageLocation(path: folder + "/out")))
        change(&job)
        return ProgramPlan(
            job: job, kind: .script, attempt: 1,
            hosts: (1...hosts).map { .init(name: "algo-\($0)", address: "127.0.0.1", worker: "w") },
            graceSeconds: grace, folder: "\(folder)/out/\(token)/programs/1", mark: "1 mark")
    }

    /// - Parameters:
    ///   - words: put before `lockstepd`.
    ///   - signal: sent to the runner once `file` of the host's tree is there.
    func run(
        _ plan: ProgramPlan, rank: Int = 0, memoryBytes: Int = 0, runAs: String = "", words: [String] = [],
        signal: Int32? = nil, once file: String = "model/ready", seconds: Double = 60
    ) throws -> Run {
        try FileManager.default.createDirectory(atPath: plan.folder, withIntermediateDirectories: true)
        // As the supervisor makes it: the job's user's.
        if !runAs.isEmpty {
            for place in ["", "/out", "/out/\(token)", "/out/\(token)/programs", "/out/\(token)/programs/1"] {
                chmod(folder + place, 0o777)
            }
        }
        try JSONEncoder().encode(plan).write(to: URL(fileURLWithPath: plan.planFile))
        var settings = WorkerSettings(
            worker: "w", slots: 1, memoryBytes: memoryBytes, scratch: scratch, runAs: runAs)
        settings.leaseFile = folder + "/lease"
        try JSONEncoder().encode(settings).write(to: URL(fileURLWithPath: folder + "/worker.json"))
        for name in ["output", "error"] { try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Tests run on threads that block signals, which a child would inherit.
        process.arguments =
            ["--default-signal=TERM,USR1,INT,CHLD"] + words
            + [program, "run-program", plan.planFile, "--rank", "\(rank)"]
        process.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "LOCKSTEP_WORKER_FILE": folder + "/worker.json",
            "LOCKSTEP_ATTEMPT_DIR": folder, "TMPDIR": folder,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: folder + "/output")
        process.standardError = FileHandle(forWritingAtPath: folder + "/error")
        let begin = Date()
        try process.run()
        let deadline = begin.addingTimeInterval(seconds)
        if let signal {
            let path = "\(scratch)/\(token)/1/\(plan.hosts[rank].name)/\(file)"
            while !FileManager.default.fileExists(atPath: path), process.isRunning, Date() < deadline {
                usleep(10_000)
            }
            kill(process.processIdentifier, signal)
        }
        while process.isRunning, Date() < deadline { usleep(10_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        let isExit = process.terminationReason == .exit
        let (output, error) = (lines(folder + "/output"), lines(folder + "/error"))
        func text(_ lines: [OutputDecoder.Line]) -> String {
            lines.filter { !$0.isReport }.map { $0.text + "\n" }.joined()
        }
        return Run(
            status: isExit ? process.terminationStatus : 128 + process.terminationStatus,
            output: text(output), error: text(error),
            reports: error.filter(\.isReport).compactMap { ProgramReport(line: $0.text) },
            seconds: Date().timeIntervalSince(begin))
    }

    /// What the runner wrote, as the supervisor reads it.
    private func lines(_ path: String) -> [OutputDecoder.Line] {
        var (decoder, lines) = (OutputDecoder(), [OutputDecoder.Line]())
        decoder.feed(FileManager.default.contents(atPath: path) ?? Data()) { lines.append($0) }
        decoder.finish { lines.append($0) }
        return lines
    }

    func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// What `sh -c` prints, without the last newline.
    func shell(_ command: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// Processes, mounts, control groups and trees that a run has left behind; empty when none has.
    func leftovers(treesToo: Bool = true) -> [String] {
        var found: [String] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        where Int32(name) != nil {
            for file in ["cmdline", "environ"] where text("/proc/\(name)/\(file)").contains(token) {
                found.append("process \(name): \(text("/proc/\(name)/cmdline"))")
            }
        }
        if text("/proc/self/mounts").contains(token) { found.append("a mount") }
        let groups = try? shell("find /sys/fs/cgroup -type d -name '*\(token)*' 2>/dev/null")
        if let groups, !groups.isEmpty { found.append("group \(groups)") }
        let trees = (try? FileManager.default.contentsOfDirectory(atPath: scratch)) ?? []
        if treesToo { found += trees.filter { $0 != "slots" }.map { "tree \($0)" } }
        return found
    }
}
