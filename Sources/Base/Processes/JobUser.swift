import CProcess
package import Diagnostics
import Glibc

/// The user that a job's code runs as where the daemons are root, and whose rights decide what a job may
/// read and write.
package struct JobUser: Sendable, Equatable {
    /// Its name, for messages.
    package var name: String
    package var user: UInt32
    package var group: UInt32
    /// Its home, from the password file.
    package var home = "/"
    /// More groups: the user's own, and the job's.
    package var groups: [UInt32] = []
    /// Most processes and threads of that user on this node; `nil`: as many as the daemon may have.
    package var processMax: Int?

    package init(_ name: String, user: UInt32, group: UInt32) {
        self.name = name
        self.user = user
        self.group = group
    }

    /// - Parameters:
    ///   - name: empty, or this process's own user: there is nobody to become.
    ///   - job: its group lets its processes into its folders on the node, and no other job's.
    /// - Returns: `nil` when programs run as this process does.
    /// - Throws: `LockstepError(.io)` for a user that this node does not know.
    package init?(_ name: String, job: String) throws(LockstepError) {
        guard !name.isEmpty, geteuid() == 0 else { return nil }
        guard let entry = getpwnam(name)?.pointee else {
            throw LockstepError(.io, "the worker's user for jobs, \(name), does not exist on this node")
        }
        guard entry.pw_uid != 0 else { return nil }
        self.init(name, user: entry.pw_uid, group: entry.pw_gid)
        home = String(cString: entry.pw_dir)
        groups = [Self.group(ofJob: job)]
        processMax = Self.usualProcessMax
    }

    /// Whether this process runs as that user, which it was not started as: one of a gang that does.
    package static func isOwn(_ name: String) -> Bool {
        guard !name.isEmpty, geteuid() != 0, let entry = getpwnam(name)?.pointee else { return false }
        return entry.pw_uid == geteuid()
    }

    /// What its processes are told about it.
    package var variables: [String: String] { ["HOME": home, "USER": name, "LOGNAME": name] }

    /// Whom jobs run as where root starts the daemons and says nothing: `lockstep` if there is such a user.
    package static var usualName: String { getpwnam("lockstep") != nil ? "lockstep" : "nobody" }

    /// Number of a group that nothing else has: in a range that no distribution gives away.
    package static func group(ofJob job: String) -> UInt32 {
        0x7000_0000 + (StableHash.of(job) & 0x07FF_FFFF)
    }

    /// Enough for a BLAS of many threads in each of many processes, and few enough to leave the node alive.
    package static var usualProcessMax: Int { max(4096, 512 * sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Runs `body` with this user's rights to files. What it opens stays open.
    ///
    /// For the calling thread alone, and for as long as `body` runs. What it hands to other threads acts with
    /// this process's rights, and a thread that it starts keeps the user's: it shall do neither.
    package func access<Result>(_ body: () throws -> Result) throws -> Result {
        let failure = Self.withPointer(self) { cprocess_begin_access($0) }
        guard failure == 0 else {
            throw LockstepError(
                .io, "cannot act as the user \(name): \(String(cString: strerror(failure)))")
        }
        defer { cprocess_end_access() }
        do {
            return try body()
        } catch let error as LockstepError where error.code == .denied && !error.message.hasSuffix(reminder) {
            var told = error
            told.message += reminder
            throw told
        }
    }

    private var reminder: String { " for \(name), the user that jobs run as here" }

    /// Gives a file or folder that this process has just made to the user.
    ///
    /// - Throws: `LockstepError(.io)` naming the path.
    package func give(_ path: String) throws(LockstepError) {
        guard lchown(path, user, group) == 0 else {
            throw LockstepError(
                .io, "cannot give \(path) to the user \(name): \(String(cString: strerror(errno)))")
        }
    }

    static func withPointer<Result>(
        _ user: JobUser?, _ body: (UnsafePointer<cprocess_user>?) throws -> Result
    ) rethrows -> Result {
        guard let user else { return try body(nil) }
        return try user.groups.withUnsafeBufferPointer { groups in
            var plain = cprocess_user()
            (plain.user, plain.group) = (user.user, user.group)
            (plain.groups, plain.group_count) = (groups.baseAddress, Int32(groups.count))
            plain.is_restricted = 1
            plain.process_max = Int64(user.processMax ?? 0)
            return try body(&plain)
        }
    }
}

extension JobUser? {
    /// `body` with the user's rights to files, or with this process's where there is no such user.
    package func access<Result>(_ body: () throws -> Result) throws -> Result {
        switch self {
        case .none: try body()
        case .some(let user): try user.access(body)
        }
    }
}
