import ClusterTypes
import Diagnostics
import Foundation
import Glibc
package import Processes
import Storage

/// A worker's folder of what jobs' processes need on its node where they run as another user: a way through
/// for everybody, and in it a room for each job that only that job's processes may enter.
package struct JobRooms: Sendable, Equatable {
    package let path: String

    /// Makes the folder, in `dataFolder` where the user can come there, else in the node's own folder for
    /// what outlives a boot.
    ///
    /// - Parameter name: tells workers of one machine apart.
    /// - Throws: `LockstepError(.io)` when there is no place for it.
    package init(dataFolder: String, name: String, slots: Int, user: JobUser) throws {
        let places = [dataFolder + "/room", "/var/tmp/\(name)", "/tmp/\(name)"]
        guard let place = places.first(where: { Self.make($0, for: user) }) else {
            throw LockstepError(
                .io,
                "there is no folder for jobs that \(user.name), the user they run as, can enter: let that "
                    + "user pass through the folders above \(dataFolder) (chmod o+x), or choose another "
                    + "--data-dir"
            )
        }
        path = place
        // A place for each slot, to be locked by whoever runs there.
        try FileSystem.createFolder(path + "/.slots")
        chmod(path + "/.slots", 0o755)
        for slot in 0..<slots {
            let file = Glibc.open("\(path)/.slots/\(slot)", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard file >= 0 else { throw LockstepError.system("create", "\(path)/.slots/\(slot)") }
            fchmod(file, 0o666)
            Glibc.close(file)
        }
    }

    /// Goes on with the one of an earlier start.
    package init(path: String) { self.path = path }

    func room(_ job: JobName) -> String { "\(path)/\(job)" }
    /// What the ranks of an attempt read and write, on the node of its supervisor.
    func attempt(_ attempt: AttemptID) -> AttemptFolder {
        AttemptFolder(attempt: attempt, path: "\(room(attempt.job))/attempts/\(attempt.number)")
    }

    /// Where an attempt's processes start, and have their temporary files.
    func work(_ attempt: AttemptID) -> String { self.attempt(attempt).path + "/tmp" }

    /// Makes an attempt's part of its job's room on this node, and the job's folders for hot state.
    func open(_ attempt: AttemptID, for user: JobUser, hotStates: [String]) throws {
        try user.makeRoom(room(attempt.job))
        try user.makeRoom(room(attempt.job) + "/attempts", isWritable: false)
        try user.makeRoom(self.attempt(attempt).path, isWritable: false)
        try user.makeRoom(work(attempt))
        for folder in hotStates where !folder.isEmpty { try user.makeRoom(folder) }
    }

    /// Removes what an attempt that is over left there.
    func close(_ attempt: AttemptID) {
        // What cannot be removed now goes with the job.
        try? FileSystem.remove(self.attempt(attempt).path)
        // Folders that another attempt uses are not empty, and stay.
        rmdir(room(attempt.job) + "/attempts")
        rmdir(room(attempt.job))
    }

    /// Removes what a job that is over left on this node.
    func forget(_ job: JobName) {
        guard JobName.isWellFormed(job.rawValue) else { return }
        // An attempt that is not settled yet has lines there which the coordinator has yet to get.
        for name in (try? FileSystem.names(in: room(job))) ?? [] where name != "attempts" {
            try? FileSystem.remove("\(room(job))/\(name)")
        }
        rmdir(room(job) + "/attempts")
        rmdir(room(job))
    }

    /// A program that the user can run: `program` itself, or the same file in this folder.
    package func reachable(_ program: String, for user: JobUser) throws -> String {
        let isOpen = (try? user.access { Self.isProgram(program) }) ?? false
        guard !isOpen else { return program }
        let folder = path + "/.bin"
        try FileSystem.createFolder(folder)
        chmod(folder, 0o755)
        let name = program.split(separator: "/").last.map(String.init) ?? "program"
        let copy = "\(folder)/\(name)"
        try FileSystem.remove(copy)
        do {
            if link(program, copy) != 0 { try FileManager.default.copyItem(atPath: program, toPath: copy) }
        } catch {
            throw LockstepError(.io, "cannot copy \(program) to where \(user.name) can run it", cause: error)
        }
        return copy
    }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o005 == 0o005
    }

    private static func make(_ path: String, for user: JobUser) -> Bool {
        mkdir(path, 0o711)
        var status = stat()
        // Somebody else may have been there first, in a folder that is everybody's.
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            chmod(path, 0o711) == 0
        else { return false }
        if (try? user.access { stat(path + "/.", &status) == 0 }) == true { return true }
        rmdir(path)
        return false
    }
}
