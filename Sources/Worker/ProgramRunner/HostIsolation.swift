import Foundation
import Glibc
import JobSpecs
import Processes
import ProgramContract

/// What a program gets for its own: a ladder of namespaces, of which the highest rung that the kernel
/// grants is taken, and the mounts that go with it.
package struct HostIsolation {
    var namespaces: GuardedProcess.Namespaces
    var usesMounts: Bool { namespaces.contains(.mount) }

    /// The rungs, best first; the last one is no namespace at all.
    ///
    /// - Parameters:
    ///   - isRoot: root needs no user namespace, but may lack the right to the others.
    ///   - changesUser: there is no second user in a user namespace of one.
    static func ladder(_ kind: ProgramKind, isRoot: Bool, changesUser: Bool) -> [HostIsolation] {
        // Open MPI's ranks find each other by process id and host name.
        let rungs: [GuardedProcess.Namespaces] =
            kind == .mpi ? [.mount] : [[.mount, .pid, .uts], [.mount, .uts], .mount]
        var ladder = isRoot ? rungs : []
        if !changesUser { ladder += rungs.map { $0.union(.user) } }
        return (ladder + [[]]).map { HostIsolation(namespaces: $0) }
    }

    /// What the mounts are made of.
    struct Parts {
        var base: String
        var hostsFile: String
        var imageRoot: String?
        var channels: [GuardedProcess.Mount]
        var checkpoints: GuardedProcess.Mount
        /// Whether the program gets a `/tmp` and `/dev/shm` of its own.
        var isApart: Bool
        /// Size of its `/dev/shm`; `nil`: the system's default.
        var memoryBytes: Int?
        /// What its `/tmp` has of the node's.
        var temporary: [String] = []
    }

    /// The mounts in their order: what lies in the tree, the tree, and what is around it. `/tmp` comes last
    /// because the paths before it may lie there.
    func mounts(_ parts: Parts) -> [GuardedProcess.Mount] {
        guard usesMounts else { return [] }
        let root = parts.imageRoot ?? ""
        var mounts = parts.channels + [parts.checkpoints]
        if let image = parts.imageRoot { mounts.append(.readOnly(image, image)) }
        mounts += parts.temporary.map { .bind($0, parts.base + $0) }
        mounts.append(.bind(parts.base, root + "/opt/ml"))
        mounts.append(.bind(parts.hostsFile, root + "/etc/hosts"))
        if parts.imageRoot != nil {
            mounts += [.bind("/dev", root + "/dev"), .bind("/sys", root + "/sys")]
            mounts.append(.readOnly("/etc/resolv.conf", root + "/etc/resolv.conf"))
            if !namespaces.contains(.pid) { mounts.append(.bind("/proc", root + "/proc")) }
        }
        if namespaces.contains(.pid) { mounts.append(.processes(root + "/proc")) }
        if parts.isApart {
            let size = parts.memoryBytes.map { ",size=\($0)" } ?? ""
            mounts.append(.memory(root + "/dev/shm", options: "mode=1777\(size)"))
        }
        if parts.isApart || parts.imageRoot != nil {
            mounts.append(.bind(parts.base + "/tmp", root + "/tmp"))
        }
        return mounts
    }

    /// Makes the places where the mounts go.
    ///
    /// - Returns: false when one is missing and cannot be made.
    static func makeMountPoints(imageRoot: String?) -> Bool {
        let root = imageRoot ?? ""
        var folders = ["/opt/ml"]
        if imageRoot != nil { folders += ["/dev", "/sys", "/proc", "/tmp", "/etc"] }
        let fileManager = FileManager.default
        for folder in folders where !fileManager.fileExists(atPath: root + folder) {
            let isMade: Void? = try? fileManager.createDirectory(
                atPath: root + folder, withIntermediateDirectories: true)
            guard isMade != nil || fileManager.fileExists(atPath: root + folder) else { return false }
        }
        guard imageRoot != nil else { return true }
        for file in ["/etc/hosts", "/etc/resolv.conf"] where !fileManager.fileExists(atPath: root + file) {
            guard fileManager.createFile(atPath: root + file, contents: nil) else { return false }
        }
        return true
    }
}
