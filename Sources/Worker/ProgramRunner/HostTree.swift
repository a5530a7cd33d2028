import Diagnostics
import Foundation
import Glibc
import JSON
import JobSpecs
import Processes
package import ProgramContract
import Storage

/// The `/opt/ml` tree of one host: `SCRATCH/JOB/ATTEMPT/algo-N/`.
///
/// Its lock, beside it, tells whether its runner lives: a tree without is swept by the next runner.
package struct HostTree {
    /// What the program sees as `/opt/ml`.
    let base: String
    private let lock: LockFile

    /// Folders that the program may write to.
    static let writable = [
        "input", "input/config", "input/data", "model", "output", "output/data", "output/intermediate",
        "code", "tmp", "checkpoints",
    ]

    /// The `/etc/hosts` of the program.
    var hostsFile: String { base + ".hosts" }
    /// Copy of the library that turns `/opt/ml` into this tree, where one is used.
    var pathLibrary: String { base + ".so" }
    private var lockFile: String { base + ".lock" }

    /// Makes the tree anew, with the configuration files in it.
    ///
    /// - Parameter user: who alone may come there; `nil`: this process's.
    /// - Throws: `.conflict` when a runner of the same host lives, `.io` naming the path.
    init(_ plan: ProgramPlan, rank: Int, scratch: String, user: JobUser?) throws {
        try FileSystem.createFolder(scratch)
        let room = "\(scratch)/\(plan.job.name)"
        if let user { try user.makeRoom(room, isWritable: false) }
        let folder = "\(room)/\(plan.attempt)"
        base = "\(folder)/\(plan.hosts[rank].name)"
        try FileSystem.createFolder(folder)
        lock = try LockFile(base + ".lock", conflict: "host \(plan.hosts[rank].name) runs in \(base) already")
        try FileSystem.remove(base, evenLocked: true)
        try FileSystem.createFolder(base + "/input/config")
        try FileSystem.createFolder(base + "/input/data")
        for folder in Self.writable { try FileSystem.createFolder("\(base)/\(folder)") }
        for folder in ["", "/input", "/input/config", "/input/data"] { chmod(base + folder, 0o755) }
        chmod(base + "/tmp", 0o1777)
        let files = [
            "hyperparameters": ContractFiles.hyperparameters(plan),
            "inputdataconfig": ContractFiles.inputDataConfig(plan),
            "resourceconfig": ContractFiles.resourceConfig(plan, rank: rank),
        ]
        for (name, content) in files {
            try Self.write(try content.text(), to: "\(base)/input/config/\(name).json")
        }
        let known = FileManager.default.contents(atPath: "/etc/hosts").map {
            String(decoding: $0, as: UTF8.self)
        }
        try Self.write(Self.hosts(plan, rank: rank, known: known ?? ""), to: hostsFile)
    }

    /// The lines of `/etc/hosts`: those of the node without its `algo-` names, then the gang's.
    package static func hosts(_ plan: ProgramPlan, rank: Int, known: String) -> String {
        let lines = known.split(separator: "\n").filter { !$0.contains("algo-") }.map(String.init)
        let own = plan.hosts.map { "\($0.address) \($0.name)" }
        return (lines + own).joined(separator: "\n") + "\n"
    }

    /// Gives the tree to the user that the program runs as, while nobody else knows of it.
    func give(to user: JobUser) throws {
        for path in [base] + (try Self.everything(below: base)) { try user.give(path) }
    }

    /// Removes the tree and, where they are empty now, the folders of its attempt and job.
    func remove() {
        do {
            try FileSystem.remove(base, evenLocked: true)
            try FileSystem.remove(hostsFile)
            try FileSystem.remove(pathLibrary)
        } catch {
            RunnerOutput.note("the folder of a program is left behind: \(error)")
            return
        }
        unlink(lockFile)
        lock.release()
        let attempt = (base as NSString).deletingLastPathComponent
        if rmdir(attempt) == 0 { rmdir((attempt as NSString).deletingLastPathComponent) }
    }

    static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw LockstepError(.io, "cannot write \(path)", cause: error)
        }
    }

    /// Paths of what lies below a folder; links are not followed.
    private static func everything(below folder: String) throws -> [String] {
        var paths: [String] = []
        for name in try FileSystem.names(in: folder) {
            let path = "\(folder)/\(name)"
            paths.append(path)
            if FileTree.kind(path) == .folder { paths += try everything(below: path) }
        }
        return paths
    }
}
