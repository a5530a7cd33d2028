import APIClient
import Foundation
import Glibc
import SageMakerShapes

/// One way to hurt a running job. None of them may change its model.
enum Disturbance: String, CaseIterable {
    case killRank, killAllRanks, killLauncher, killSupervisor, killWorker, killCoordinator
    case stopRank, stopWorker, stopCoordinator
    case drainWorker, dismissWorker, addWorker, upgradeWorker
    case loseNode, loseAllNodes
    case tearCheckpoint, flipCheckpoint, tearHotState, fillDisk
    /// Only between hosts of a bed.
    case cutLink, slowLink

    /// Does it. Returns a word about what was hit, or `nil` when there was nothing to hit.
    func inflict(on cluster: ChaosCluster, job: String, _ random: inout SeededRandom) throws -> String? {
        switch self {
        case .killRank: Self.kill(cluster.ranks(job).randomElement(using: &random), "rank")
        case .killAllRanks: Self.kill(all: cluster.ranks(job), "ranks")
        case .killLauncher: Self.kill(cluster.launchers(job).first, "mpirun")
        case .killSupervisor: Self.kill(cluster.supervisors(job).first, "supervisor")
        case .stopRank: Self.stop(cluster.ranks(job).randomElement(using: &random), &random)
        case .killWorker, .killCoordinator, .stopWorker, .stopCoordinator, .upgradeWorker:
            try hurtDaemon(cluster, &random)
        case .drainWorker, .dismissWorker, .addWorker: try moveWorker(cluster, &random)
        case .loseNode:
            try Self.lose(
                cluster.runningWorkers.randomElement(using: &random).map { [$0] } ?? [], cluster, job)
        case .loseAllNodes: try Self.lose(cluster.runningWorkers, cluster, job)
        case .tearCheckpoint, .flipCheckpoint, .tearHotState: damage(cluster, job, &random)
        case .fillDisk: Self.fill(cluster, &random)
        case .cutLink, .slowLink: hurtLink(cluster, &random)
        }
    }

    private static func kill(_ pid: Int32?, _ what: String) -> String? {
        guard let pid, Glibc.kill(pid, SIGKILL) == 0 else { return nil }
        return what
    }

    private static func kill(all pids: [Int32], _ what: String) -> String? {
        for pid in pids { Glibc.kill(pid, SIGKILL) }
        return pids.isEmpty ? nil : "\(pids.count) \(what)"
    }

    private static func stop(_ pid: Int32?, _ random: inout SeededRandom) -> String? {
        guard let pid, Glibc.kill(pid, SIGSTOP) == 0 else { return nil }
        let milliseconds = UInt32.random(in: 200...1500, using: &random)
        usleep(milliseconds * 1000)
        Glibc.kill(pid, SIGCONT)
        return "rank, \(milliseconds) ms"
    }

    private func hurtDaemon(_ cluster: ChaosCluster, _ random: inout SeededRandom) throws -> String? {
        let isCoordinator = self == .killCoordinator || self == .stopCoordinator
        guard let name = isCoordinator ? "coordinator" : cluster.runningWorkers.randomElement(using: &random)
        else { return nil }
        // Now and then longer than the lease.
        let isLong = Int.random(in: 0..<6, using: &random) == 0
        let milliseconds = UInt32.random(in: isLong ? 5500...7000 : 100...2500, using: &random)
        switch self {
        case .stopWorker, .stopCoordinator:
            cluster.signal(name, SIGSTOP)
            usleep(milliseconds * 1000)
            cluster.signal(name, SIGCONT)
        default:
            cluster.signal(name, self == .upgradeWorker ? SIGHUP : SIGKILL)
            usleep(milliseconds * 1000)
            try cluster.start(name)
        }
        return "\(name), \(milliseconds) ms"
    }

    private func moveWorker(_ cluster: ChaosCluster, _ random: inout SeededRandom) throws -> String? {
        if self == .addWorker {
            if cluster.runningWorkers.contains(ChaosCluster.spare) {
                cluster.dismiss(ChaosCluster.spare)
                return "\(ChaosCluster.spare) left"
            }
            try cluster.start(ChaosCluster.spare)
            return "\(ChaosCluster.spare) came"
        }
        guard let name = cluster.runningWorkers.randomElement(using: &random) else { return nil }
        let milliseconds = UInt32.random(in: 500...2000, using: &random)
        if self == .dismissWorker {
            cluster.dismiss(name)
            usleep(milliseconds * 1000)
            try cluster.start(name)
        } else {
            guard (try? cluster.withClient { try await $0.drainWorker(.init(workerName: name)) }) != nil
            else {
                return nil
            }
            usleep(milliseconds * 1000)
            cluster.resume(name)
        }
        return "\(name), \(milliseconds) ms"
    }

    /// The workers' daemons and ranks die and their memory is gone; then they come back.
    private static func lose(_ names: [String], _ cluster: ChaosCluster, _ job: String) throws -> String? {
        guard !names.isEmpty else { return nil }
        for name in names { cluster.lose(name, job: job) }
        usleep(300_000)
        for name in names { try cluster.start(name) }
        return names.joined(separator: " ")
    }

    private func damage(_ cluster: ChaosCluster, _ job: String, _ random: inout SeededRandom) -> String? {
        let folder =
            self == .tearHotState
            ? cluster.runningWorkers.randomElement(using: &random).flatMap {
                cluster.hosts.hotStateRoot($0, pid: cluster.pid($0))
            } : "\(cluster.output)/\(job)/checkpoints"
        guard let folder, let names = FileManager.default.subpaths(atPath: folder) else { return nil }
        let files = names.sorted().map { "\(folder)/\($0)" }.filter { path in
            var information = stat()
            return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
                && information.st_size > 64
        }
        // The newest checkpoint is the one that would be read.
        let newest = self == .tearHotState ? files : files.suffix(4)
        guard let path = newest.randomElement(using: &random), let size = Self.size(path) else { return nil }
        if self == .tearCheckpoint {
            truncate(path, off_t(Int.random(in: 0..<size, using: &random)))
        } else {
            Self.flip(path, Int.random(in: 0..<size, using: &random))
        }
        // Then make somebody look at it.
        for pid in cluster.ranks(job) { Glibc.kill(pid, SIGKILL) }
        return String(path.dropFirst(folder.count + 1))
    }

    private static func size(_ path: String) -> Int? {
        var information = stat()
        return stat(path, &information) == 0 ? Int(information.st_size) : nil
    }

    private static func flip(_ path: String, _ offset: Int) {
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        var byte: UInt8 = 0
        guard pread(descriptor, &byte, 1, off_t(offset)) == 1 else { return }
        byte ^= 1 << UInt8(offset % 8)
        pwrite(descriptor, &byte, 1, off_t(offset))
    }

    /// A host is cut off, now and then for longer than the lease, or has a slow link.
    private func hurtLink(_ cluster: ChaosCluster, _ random: inout SeededRandom) -> String? {
        guard cluster.hosts.isBed, let name = cluster.runningWorkers.randomElement(using: &random) else {
            return nil
        }
        let isLong = self == .cutLink && Int.random(in: 0..<4, using: &random) == 0
        let milliseconds = UInt32.random(in: isLong ? 5500...7000 : 200...2500, using: &random)
        if self == .cutLink {
            cluster.hosts.change("cut", name)
        } else {
            cluster.hosts.change("slow", name, "2mbit")
        }
        usleep(milliseconds * 1000)
        if self == .cutLink {
            cluster.hosts.change("join", name)
        } else {
            cluster.hosts.change("slow", name, "off")
        }
        return "\(name), \(milliseconds) ms"
    }

    /// No byte can be written to the output for a while.
    private static func fill(_ cluster: ChaosCluster, _ random: inout SeededRandom) -> String? {
        guard cluster.hasSmallDisk else { return nil }
        let path = "\(cluster.output)/filler"
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        while write(descriptor, bytes, bytes.count) > 0 {}
        close(descriptor)
        let milliseconds = UInt32.random(in: 300...1500, using: &random)
        usleep(milliseconds * 1000)
        unlink(path)
        return "\(milliseconds) ms"
    }
}

/// Numbers that look random and are the same for the same seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
