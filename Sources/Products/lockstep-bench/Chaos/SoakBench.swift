import ArgumentParser
import Diagnostics
import Foundation
import Glibc
import SageMakerShapes

/// Many small jobs on one cluster: what they leave in memory, descriptors and on disk.
struct SoakBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Runs many small jobs and measures what the cluster keeps of them.",
        discussion: """
            A coordinator and four workers train one small job after the other, four at a time: kmeans, and \
            every tenth a script. After every tenth part it prints the memory (resident, of all daemons), \
            open descriptors, what stands in shared memory and in the scratch folders, and the bytes that \
            coordinator and workers keep on disk. It fails when a job fails, when equal jobs have unequal \
            models, or when anything is left in shared memory or in scratch folders.
            """)

    @Option(help: "Number of jobs.")
    var jobs = 1000

    func validate() throws {
        guard jobs >= 10 else { throw ValidationError("--jobs is \(jobs): it must be at least 10") }
    }

    func run() throws {
        let folder = "/var/tmp/lockstep-soak-\(getpid())"
        let cluster = try ChaosCluster(folder: folder)
        defer {
            cluster.end()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let made = try ChaosJobs(folder: folder)
        try cluster.startAll()
        var hashes: [ChaosKind: Set<String>] = [:]
        let first = SoakSample(cluster, jobs: 0)
        StandardStreams.output(SoakSample.header + "\n" + first.row)
        var last = first
        for part in 0..<10 {
            let numbers = jobs * part / 10..<jobs * (part + 1) / 10
            for (kind, hash) in try train(numbers, made, cluster) { hashes[kind, default: []].insert(hash) }
            last = SoakSample(cluster, jobs: numbers.upperBound)
            StandardStreams.output(last.row)
        }
        for (kind, found) in hashes where found.count != 1 {
            throw LockstepError(.mismatch, "equal \(kind.rawValue) jobs have \(found.count) models")
        }
        guard last.sharedMemory <= first.sharedMemory, last.scratch <= first.scratch else {
            throw LockstepError(.mismatch, "something is left in shared memory or in scratch folders")
        }
        StandardStreams.output(
            "disk per job: \((last.disk - first.disk) / jobs) bytes, and as the job's own output "
                + "\(SoakSample.size(of: cluster.output) / jobs) bytes")
    }

    /// Trains some jobs, at most as many at a time as there are slots, and returns their models.
    private func train(
        _ numbers: Range<Int>, _ made: ChaosJobs, _ cluster: ChaosCluster
    ) throws -> [(ChaosKind, String)] {
        var models: [(ChaosKind, String)] = []
        var running: [(name: String, kind: ChaosKind)] = []
        func settle(leaving count: Int) throws {
            try Waiting.eventually(120, "\(running.map(\.name)) did not end") {
                try running.removeAll { name, kind in
                    guard let job = cluster.describe(name), job.trainingJobStatus != "InProgress" else {
                        return false
                    }
                    guard job.trainingJobStatus == "Completed",
                        let hash = try made.modelHash(job, kind, cluster)
                    else { throw LockstepError(.bug, "\(name) failed: \(job.failureReason ?? "no model")") }
                    models.append((kind, hash))
                    return true
                }
                return running.count <= count
            }
        }
        for number in numbers {
            let kind: ChaosKind = number % 10 == 9 ? .script : .kmeans
            try made.submitSmall("soak-\(number)", kind, to: cluster)
            running.append(("soak-\(number)", kind))
            try settle(leaving: 3)
        }
        try settle(leaving: 0)
        return models
    }
}

/// What a cluster uses at one moment.
private struct SoakSample {
    static let header = "jobs   memory (MiB)  descriptors  shared memory  scratch  disk (KiB)"

    let jobs: Int
    let memory: Int
    let descriptors: Int
    let sharedMemory: Int
    let scratch: Int
    let disk: Int

    init(_ cluster: ChaosCluster, jobs: Int) {
        self.jobs = jobs
        let daemons = cluster.daemonProcesses
        memory = daemons.reduce(0) { $0 + Self.residentBytes($1) }
        descriptors = daemons.reduce(0) { $0 + Self.count("/proc/\($1)/fd") }
        sharedMemory = ChaosRemains.shared().count
        scratch = ChaosRemains.find(in: cluster).count
        disk = Self.size(of: cluster.folder) - Self.size(of: cluster.output)
    }

    var row: String {
        func column(_ value: Int, _ width: Int) -> String {
            let text = "\(value)"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return column(jobs, 5) + column(memory >> 20, 14) + column(descriptors, 13)
            + column(sharedMemory, 15) + column(scratch, 9) + column(disk >> 10, 12)
    }

    private static func count(_ folder: String) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0
    }

    private static func residentBytes(_ pid: Int32) -> Int {
        let fields = FileManager.default.contents(atPath: "/proc/\(pid)/statm")
            .map { String(decoding: $0, as: UTF8.self).split(separator: " ") }
        return (fields.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Bytes on disk below a folder, in blocks.
    static func size(of folder: String) -> Int {
        (FileManager.default.subpaths(atPath: folder) ?? []).reduce(0) { sum, path in
            var information = stat()
            return lstat(folder + "/" + path, &information) == 0
                ? sum + Int(information.st_blocks) * 512 : sum
        }
    }
}
