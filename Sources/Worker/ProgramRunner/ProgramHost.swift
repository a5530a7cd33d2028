import ClusterTypes
import Diagnostics
import Foundation
import Glibc
package import JobSpecs
import Processes
import ProgramContract
import Storage

/// One host made ready for its program: tree, isolation, limits, command.
package struct ProgramHost {
    let tree: HostTree
    let limits: HostLimits
    let user: JobUser?
    private(set) var isolation = HostIsolation(namespaces: [])
    /// Turns `/opt/ml` into the tree; `nil` where mounts do that, or none is to be had.
    private(set) var pathLibrary: PathLibrary?
    /// Copies in its tree that do not count for its volume, in bytes.
    private(set) var uncountedBytes = 0
    private var feeders: [PipeFeeder] = []
    private let plan: ProgramPlan
    private let rank: Int
    private let settings: WorkerSettings
    private let channels: HostChannels
    private let checkpoints: String
    private let localCheckpoints: String

    /// What the program calls the tree.
    var base: String { isolation.usesMounts ? "/opt/ml" : tree.base }

    /// - Throws: a user's error (`isUsersToFix`) or one of this node. Nothing but the tree is there then.
    init(_ plan: ProgramPlan, rank: Int, settings: WorkerSettings) throws {
        (self.plan, self.rank, self.settings) = (plan, rank, settings)
        let user = try plan.kind == .mpi ? nil : JobUser(settings.runAs, job: plan.job.name.rawValue)
        self.user = user
        channels = try user.access { try HostChannels(plan.job) }
        localCheckpoints = try Self.localCheckpoints(plan.job.locations)
        checkpoints = try JobLocations(plan.job).checkpointFolder
        limits = try HostLimits(plan.job, settings)
        ProgramTrees.sweep(settings.scratch)
        tree = try HostTree(plan, rank: rank, scratch: settings.scratch, user: user)
        do {
            if let user { try tree.give(to: user) }
            try user.access { try FileSystem.createFolder(checkpoints) }
            try isolate(channels)
            let usesMounts = isolation.usesMounts
            uncountedBytes = try user.access {
                try channels.copy(
                    to: tree.base, rank: rank, hosts: plan.hosts.count, usesMounts: usesMounts,
                    volumeGB: limits.volumeGB)
            }
            try user.access { try feed(channels) }
            for feeder in feeders { feeder.start() }
        } catch {
            tree.remove()
            throw error
        }
    }

    /// What its paths mean to the program.
    var view: ProgramView {
        let own = isolation.usesMounts ? base : tree.base
        var roots = [
            ProgramView.Root(own, [tree.base]), ProgramView.Root(own + localCheckpoints, [checkpoints]),
        ]
        // Without mounts the program may know places by their names on this node.
        var places = [tree.base, checkpoints]
        for source in channels.sources where !source.isPipe {
            let name = source.isFile ? "/" + (source.path as NSString).lastPathComponent : ""
            let inside = "/input/data/\(source.name)\(name)"
            roots.append(ProgramView.Root(own + inside, [tree.base + inside, source.path]))
            roots.append(ProgramView.Root("\(own)/input/.sources/\(source.name)", [source.path]))
            places.append(source.path)
        }
        if isolation.usesMounts { roots.append(ProgramView.Root("/tmp", [tree.base + "/tmp"])) }
        places += places.compactMap { Self.realPath($0) }
        if !isolation.usesMounts { roots += Set(places).map { ProgramView.Root($0, [$0]) } }
        return ProgramView(base: own, roots: roots, user: user)
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    func end() {
        for feeder in feeders { feeder.end() }
        tree.remove()
    }

    /// The command as far as it does not depend on what it runs.
    ///
    /// - Parameter temporary: what a `/tmp` of its own has of the node's.
    func request(apart isApart: Bool, temporary: [String] = []) -> GuardedProcess.Request {
        var request = GuardedProcess.Request()
        request.namespaces = isolation.namespaces
        request.hostName = plan.hosts[rank].name
        var parts = parts(channelMounts, apart: isApart)
        parts.temporary = temporary
        request.mounts = isolation.mounts(parts)
        request.root = plan.imageRoot
        request.cores = limits.cores
        // A little more than the volume, so that a file that hits the limit shows as a full volume.
        request.fileBytesMax = limits.volumeBytes.map { $0 + (1 << 20) }
        request.user = user
        request.isRestricted = user != nil || JobUser.isOwn(settings.runAs)
        return request
    }

    private var channelMounts: [GuardedProcess.Mount] = []

    private func parts(_ channels: [GuardedProcess.Mount], apart isApart: Bool) -> HostIsolation.Parts {
        HostIsolation.Parts(
            base: tree.base, hostsFile: tree.hostsFile, imageRoot: plan.imageRoot, channels: channels,
            checkpoints: .bind(checkpoints, tree.base + localCheckpoints), isApart: isApart,
            memoryBytes: limits.memoryBytes)
    }

    /// Finds the highest rung that works here, and lays the channels out for it.
    private mutating func isolate(_ channels: HostChannels) throws {
        let ladder = HostIsolation.ladder(plan.kind, isRoot: geteuid() == 0, changesUser: user != nil)
        var refusal = "\(plan.imageRoot ?? "")/opt/ml cannot be made"
        if HostIsolation.makeMountPoints(imageRoot: plan.imageRoot) {
            channelMounts = try user.access {
                try FileSystem.createFolder(tree.base + localCheckpoints)
                return try channels.layFastFiles(in: tree.base, rank: rank, hosts: plan.hosts.count)
            }
            for rung in ladder where rung.usesMounts {
                isolation = rung
                guard let reason = Self.trial(request(apart: plan.kind != .mpi)) else { return }
                refusal = reason
            }
            try user.access { try channels.clearFastFiles(in: tree.base) }
            channelMounts = []
        }
        isolation = HostIsolation(namespaces: [])
        guard plan.imageRoot == nil else {
            throw LockstepError(
                .configuration,
                "TrainingImage needs mounts, and this node does not allow them: \(refusal)")
        }
        pathLibrary = PathLibrary(for: tree.base, at: tree.pathLibrary)
        let hint = pathLibrary == nil ? ", under that name alone" : ""
        RunnerOutput.note("no mounts on this node (\(refusal)): /opt/ml is \(tree.base)\(hint)")
        try user.access {
            let place = tree.base + localCheckpoints
            try FileSystem.remove(place)
            if let parent = FileSystem.parent(of: place) { try FileSystem.createFolder(parent) }
            try HostChannels.link(place, to: checkpoints)
        }
    }

    /// - Returns: why it does not work; `nil` when it does.
    private static func trial(_ request: GuardedProcess.Request) -> String? {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        var request = request
        (request.cores, request.fileBytesMax) = ([], nil)
        do {
            let trial = try GuardedProcess(request, input: null, output: null, error: null)
            defer { trial.close() }
            let status = trial.readStatus()
            waitpid(trial.guardian, nil, 0)
            return status == 0 ? nil : "it ended with status \(status ?? -1)"
        } catch let failure as GuardedProcess.Failure {
            return failure.mount.map { "\($0): \(failure.reason)" } ?? failure.reason
        } catch {
            return "\(error)"
        }
    }

    private mutating func feed(_ channels: HostChannels) throws {
        for source in channels.sources where source.isPipe {
            let files = try HostChannels.files(of: source, rank: rank, hosts: plan.hosts.count)
            feeders.append(
                try PipeFeeder(
                    files: files.files.map(\.path), prefix: "\(tree.base)/input/data/\(source.name)",
                    user: user))
        }
    }

    /// CheckpointConfig.LocalPath below the tree, with its slash.
    package static func localCheckpoints(_ locations: JobSpec.Locations) throws -> String {
        let path = locations.checkpointMount ?? "/opt/ml/checkpoints"
        let parts = path.split(separator: "/")
        guard path.hasPrefix("/opt/ml/"), parts.count > 2, !parts.contains("..") else {
            throw LockstepError(
                .configuration, "CheckpointConfig.LocalPath is \(path), but must lie below /opt/ml")
        }
        return "/" + parts.dropFirst(2).joined(separator: "/")
    }
}
