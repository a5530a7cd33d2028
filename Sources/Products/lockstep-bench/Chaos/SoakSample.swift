import Foundation
import Glibc
import Storage

/// What a cluster uses at one moment.
struct SoakSample {
    static let header = "jobs   memory (MiB)  descriptors  shared memory  scratch  disk (KiB)"

    let jobs: Int
    let memory: Int
    let descriptors: Int
    let sharedMemory: Int
    let scratch: Int
    let disk: SoakDisk

    init(_ cluster: ChaosCluster, jobs: Int) {
        self.jobs = jobs
        let daemons = cluster.daemonProcesses
        memory = daemons.reduce(0) { $0 + Self.residentBytes($1) }
        descriptors = daemons.reduce(0) { $0 + Self.count("/proc/\($1)/fd") }
        sharedMemory = ChaosRemains.shared().count
        scratch = ChaosRemains.find(in: cluster).count
        disk = SoakDisk(cluster)
    }

    var row: String {
        func column(_ value: Int, _ width: Int) -> String {
            let text = "\(value)"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return column(jobs, 5) + column(memory >> 20, 14) + column(descriptors, 13)
            + column(sharedMemory, 15) + column(scratch, 9)
            + column((disk.store + disk.coordinator + disk.workers) >> 10, 12)
    }

    private static func count(_ folder: String) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0
    }

    private static func residentBytes(_ pid: Int32) -> Int {
        let fields = FileManager.default.contents(atPath: "/proc/\(pid)/statm")
            .map { String(decoding: $0, as: UTF8.self).split(separator: " ") }
        return (fields.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

/// What a cluster takes of the disk, in bytes.
struct SoakDisk {
    /// The job store with its write-ahead log, and what else lies with the coordinator, its log too.
    var store: Int
    var coordinator: Int
    var workers: Int
    /// Models and checkpoints, which are the users'.
    var output: Int

    init(_ cluster: ChaosCluster) {
        let folder = cluster.folder
        func file(_ path: String) -> Int {
            var status = stat()
            return lstat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
        }
        store = ["", "-wal", "-shm"].reduce(0) { $0 + file("\(folder)/coordinator/lockstep.sqlite\($1)") }
        coordinator =
            FileSystem.bytes(below: folder + "/coordinator") - store + file(folder + "/coordinator.log")
        workers = (ChaosCluster.workers + ["keeper"]).reduce(0) {
            $0 + FileSystem.bytes(below: "\(folder)/\($1)") + file("\(folder)/\($1).log")
        }
        output = FileSystem.bytes(below: cluster.output)
    }

    private init(store: Int, coordinator: Int, workers: Int, output: Int) {
        (self.store, self.coordinator) = (store, coordinator)
        (self.workers, self.output) = (workers, output)
    }

    static func - (left: SoakDisk, right: SoakDisk) -> SoakDisk {
        SoakDisk(
            store: left.store - right.store, coordinator: left.coordinator - right.coordinator,
            workers: left.workers - right.workers, output: left.output - right.output)
    }

    /// For each of so many jobs.
    func sentence(of jobs: Int) -> String {
        "\(store / jobs) bytes in the job store, \(coordinator / jobs) else with the coordinator, "
            + "\(workers / jobs) with the workers; \(output / jobs) are its own output"
    }
}
