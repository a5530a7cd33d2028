import CProcess
import Diagnostics
import JobSpecs
import Processes
import ProgramContract
import Storage

/// A host's share of its node.
package struct HostLimits {
    /// Cores that it keeps to; empty: all.
    let cores: [Int32]
    /// How many threads it shall use.
    let threads: Int
    let memoryBytes: Int?
    /// ResourceConfig.VolumeSizeInGB.
    let volumeGB: Int?
    var volumeBytes: Int? { volumeGB.map { $0 << 30 } }
    /// Its place among the worker's slots, for as long as this lives.
    private let slot: LockFile?

    init(_ job: JobSpec, _ settings: WorkerSettings) throws {
        let available = Self.availableCores()
        let slots = max(1, settings.slots)
        threads = max(1, available.count / slots)
        memoryBytes = settings.memoryBytes > 0 ? settings.memoryBytes / slots : nil
        volumeGB = job.resources.volumeGB
        guard slots > 1 else {
            (cores, slot) = ([], nil)
            return
        }
        let folder = settings.scratch + "/.slots"
        try FileSystem.createFolder(folder)
        var taken: (number: Int, lock: LockFile)?
        for number in 0..<slots where taken == nil {
            taken = (try? LockFile("\(folder)/\(number)", conflict: "taken")).map { (number, $0) }
        }
        // More hosts than slots: the last ones share the node as they can.
        slot = taken?.lock
        cores = taken.map { Self.share(of: available, slots: slots, slot: $0.number) } ?? []
    }

    /// The cores of a slot; slots share cores only when there are more slots than cores.
    package static func share(of cores: [Int32], slots: Int, slot: Int) -> [Int32] {
        guard slots > 1, !cores.isEmpty else { return [] }
        let size = cores.count / slots
        guard size > 0 else { return [cores[slot % cores.count]] }
        return Array(cores[slot * size..<(slot + 1) * size])
    }

    private static func availableCores() -> [Int32] {
        var cores = [Int32](repeating: 0, count: 1024)
        let count = cprocess_available_cores(&cores, Int32(cores.count))
        return Array(cores.prefix(Int(count)))
    }
}
