import Diagnostics
import Glibc
import ProgramContract
import Storage

/// Brings what a host leaves to shared storage, for the supervisor to merge.
package struct HostStaging {
    let plan: ProgramPlan
    let rank: Int
    let base: String
    private var folder: String { plan.staging(rank) }

    /// Copies the folders that this outcome leaves.
    ///
    /// - Returns: what was left out: links that lead out of their folder, and what is no file.
    func collect(_ outcome: ProgramReport.Outcome) throws -> [String] {
        var left: [String] = []
        try FileSystem.remove(folder)
        if outcome == .completed || outcome == .stopped { left += try copy("model", as: "model") }
        left += try copy("output/data", as: "output")
        return left
    }

    private func copy(_ source: String, as name: String) throws -> [String] {
        // Its own folders are the runner's, but what is in `output` the program may have replaced.
        guard FileTree.kind(base + "/output") == .folder, FileTree.kind("\(base)/\(source)") == .folder,
            try !FileSystem.names(in: "\(base)/\(source)").isEmpty
        else { return [] }
        try FileSystem.createFolder(folder)
        let unfinished = "\(folder)/\(name).writing"
        var left: [String] = []
        try copyFolder("\(base)/\(source)", to: unfinished, inside: "", &left)
        try FileSystem.rename(unfinished, to: "\(folder)/\(name)")
        return left
    }

    private func copyFolder(_ source: String, to target: String, inside: String, _ left: inout [String])
        throws
    {
        try FileSystem.createFolder(target)
        for name in try FileSystem.names(in: source) {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            switch FileTree.kind(from) {
            case .folder: try copyFolder(from, to: to, inside: "\(inside)\(name)/", &left)
            case .file: try Self.copyFile(from, to: to)
            case .link:
                guard let goal = FileTree.goal(ofLink: from), Self.staysInside(goal, at: inside),
                    symlink(goal, to) == 0
                else {
                    left.append(inside + name)
                    continue
                }
            default: left.append(inside + name)
            }
        }
    }

    /// Whether a link in the folder `inside` (empty, or with a slash at its end) leads to a place below
    /// the top.
    package static func staysInside(_ goal: String, at inside: String) -> Bool {
        guard !goal.hasPrefix("/") else { return false }
        var depth = inside.split(separator: "/").count
        for part in goal.split(separator: "/") where part != "." {
            depth += part == ".." ? -1 : 1
            if depth < 0 { return false }
        }
        return true
    }

    private static func copyFile(_ source: String, to target: String) throws {
        let from = open(source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard from >= 0 else { throw LockstepError.system("open", source) }
        defer { close(from) }
        var status = stat()
        guard fstat(from, &status) == 0 else { throw LockstepError.system("look at", source) }
        let mode: mode_t = status.st_mode & 0o111 == 0 ? 0o644 : 0o755
        let to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard to >= 0 else { throw LockstepError.system("create", target) }
        defer { close(to) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(from, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LockstepError.system("read", source) }
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let written = chunk.withUnsafeBytes {
                    write(to, $0.baseAddress.map { $0 + sent }, count - sent)
                }
                if written < 0, errno == EINTR { continue }
                guard written >= 0 else { throw LockstepError.system("write", target) }
                sent += written
            }
        }
        guard fsync(to) == 0 else { throw LockstepError.system("synchronise", target) }
    }
}
