import Diagnostics
import Glibc
import Processes
package import ProgramContract
import Storage

/// Brings what a host leaves to shared storage, for the supervisor to merge: folders and plain files only.
/// Links become what they lead to, and modes do not matter.
package struct HostStaging {
    /// Folders in each other, at most.
    private static let depthMax = 128
    /// Entries that links may bring in.
    package static let linkedMax = 100_000

    private let plan: ProgramPlan
    private let rank: Int
    private let base: String
    private let view: ProgramView
    private var user: JobUser? { view.user }

    private var problems: [String] = []
    private let linkedMax: Int
    private var linkedCount = 0

    /// - Parameters:
    ///   - base: the host's tree.
    ///   - linkedMax: entries that links may bring in.
    package init(
        plan: ProgramPlan, rank: Int, base: String, view: ProgramView, linkedMax: Int = Self.linkedMax
    ) {
        self.linkedMax = linkedMax
        self.plan = plan
        self.rank = rank
        self.base = base
        self.view = view
    }

    /// Copies the folders that this outcome leaves.
    ///
    /// - Returns: what is no file and leads to none, each with the reason; it is left out.
    /// - Throws: an error of this node: a disk that is full, storage that does not answer.
    package mutating func collect(_ outcome: ProgramReport.Outcome) throws -> [String] {
        let folder = plan.staging(rank)
        problems = []
        try FileSystem.remove(folder)
        try FileSystem.createFolder(folder)
        if outcome == .completed || outcome == .stopped { try copy("model", to: folder, as: "model") }
        try copy("output/data", to: folder, as: "output")
        return problems
    }

    private mutating func copy(_ source: String, to folder: String, as name: String) throws {
        do {
            guard let (from, walk) = try top(source) else { return }
            let target = try OpenFolder(folder)
            let unfinished = FileName("\(name).writing")
            try copyFolder(from, to: target.makeFolder(unfinished), walk)
            try target.move(unfinished, to: target, as: FileName(name))
        } catch let obstacle as ProgramView.Obstacle {
            problems.append("\(source) \(obstacle.sentence)")
        }
    }

    /// Opens one of the tree's folders; the program may have put anything in its place.
    private func top(_ source: String) throws -> (OpenFolder, Walk)? {
        var walk = Walk(place: ProgramView.split(FileName(view.base)), shown: FileName(source))
        var from = try OpenFolder(base)
        for name in ProgramView.split(FileName(source)) {
            guard let status = try user.access({ try from.status(of: name) }) else { return nil }
            switch FileTree.kind(status.st_mode) {
            case .folder:
                walk.place.append(name)
                from = try open(name, status, in: from, walk)
            case .link:
                let goal = try user.access { try from.goal(ofLink: name) }
                guard case .folder(let path, let place) = try view.resolve(goal, from: walk.place) else {
                    throw ProgramView.Obstacle(sentence: "is a link, but not to a folder")
                }
                (walk.place, walk.isOwn) = (place, false)
                from = try reading(walk) { try OpenFolder(path) }
            default: throw ProgramView.Obstacle(sentence: "is no folder any more")
            }
        }
        return (from, walk)
    }

    /// Where the copying is.
    private struct Walk {
        /// Of the folder, as the program saw it.
        var place: [FileName]
        /// Of the folder, for messages.
        var shown: FileName
        /// Device and number of the folders around it.
        var around: [[UInt64]] = []
        /// Whether it is in the program's own folders, not behind a link.
        var isOwn = true

        func entering(_ name: FileName) -> Walk {
            var walk = self
            walk.place.append(name)
            walk.shown = shown.appending(name)
            return walk
        }
    }

    private mutating func copyFolder(_ from: OpenFolder, to target: OpenFolder, _ outer: Walk) throws {
        var status = stat()
        guard fstat(from.descriptor, &status) == 0 else { throw LockstepError.system("look at", from.path) }
        let identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
        guard !outer.around.contains(identity) else {
            throw ProgramView.Obstacle(sentence: "is a link to a folder around it")
        }
        guard outer.around.count < Self.depthMax else {
            throw ProgramView.Obstacle(sentence: "lies in more than \(Self.depthMax) folders")
        }
        var walk = outer
        walk.around.append(identity)
        for name in try reading(walk, { try from.names() }) where mayTakeMore(walk) {
            let inner = walk.entering(name)
            do {
                try copy(name, in: from, to: target, inner)
            } catch let obstacle as ProgramView.Obstacle {
                problems.append("\(inner.shown.printable) \(obstacle.sentence)")
            }
        }
    }

    /// - Parameter walk: of what has that name.
    private mutating func copy(
        _ name: FileName, in from: OpenFolder, to target: OpenFolder, _ walk: Walk
    ) throws {
        guard let status = try reading(walk, { try from.status(of: name) }) else { return }
        switch FileTree.kind(status.st_mode) {
        case .folder:
            let folder = try open(name, status, in: from, walk)
            try copyFolder(folder, to: target.makeFolder(name), walk)
        case .file:
            let file = try reading(walk) {
                if walk.isOwn { try from.openUp(name, status) }
                return try from.open(name, O_RDONLY)
            }
            defer { close(file) }
            try FileCopy.copy(file, from.path(of: name), to: name, in: target)
        case .link:
            let goal = try reading(walk) { try from.goal(ofLink: name) }
            try copy(view.resolve(goal, from: walk.place.dropLast()), to: name, in: target, walk)
        case .other: throw ProgramView.Obstacle(sentence: "is \(Self.noun(status.st_mode))")
        }
    }

    /// Copies what a link leads to.
    private mutating func copy(
        _ goal: ProgramView.Goal, to name: FileName, in target: OpenFolder, _ link: Walk
    ) throws {
        var walk = link
        walk.isOwn = false
        switch goal {
        case .file(let path):
            let file = try reading(walk) { try Self.open(path) }
            defer { close(file) }
            try FileCopy.copy(file, path.printable, to: name, in: target)
        case .folder(let path, let place):
            walk.place = place
            let folder = try reading(walk) { try OpenFolder(path) }
            try copyFolder(folder, to: target.makeFolder(name), walk)
        }
    }

    /// Reads as the program's user; what is not its own it may be refused, which is no fault of this node.
    private func reading<Result>(_ walk: Walk, _ body: () throws -> Result) throws -> Result {
        do {
            return try user.access(body)
        } catch let error as LockstepError where !walk.isOwn {
            throw ProgramView.Obstacle(sentence: "is behind a link that cannot be followed: \(error)")
        }
    }

    /// Counts what links bring in: two links in each of thirty folders are a thousand million files.
    private mutating func mayTakeMore(_ walk: Walk) -> Bool {
        guard !walk.isOwn else { return true }
        linkedCount += 1
        if linkedCount == linkedMax + 1 {
            problems.append("\(walk.shown.printable) is one of more than \(linkedMax) files behind links")
        }
        return linkedCount <= linkedMax
    }

    /// Opens a folder of the program, whatever its mode.
    private func open(
        _ name: FileName, _ status: stat, in folder: OpenFolder, _ walk: Walk
    ) throws -> OpenFolder {
        try reading(walk) {
            if walk.isOwn { try folder.openUp(name, status) }
            return try folder.folder(name)
        }
    }

    private static func open(_ path: FileName) throws -> Int32 {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let file = path.withCString { Glibc.open($0, flags) }
        guard file >= 0 else { throw LockstepError.system("open", path.printable) }
        return file
    }

    private static func noun(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFIFO: "a FIFO"
        case S_IFSOCK: "a socket"
        case S_IFBLK, S_IFCHR: "a device"
        default: "no file"
        }
    }
}
