import CProcess
import Diagnostics
import Foundation
import Glibc

/// The daemon that this process becomes.
struct Daemon {
    private let plan: Plan
    private let slots: Int
    private let api: String
    /// This daemon's own.
    private let folder: String
    private var name: String { plan.rank == 0 ? "coordinator" : "worker-\(plan.rank)" }

    init(_ plan: Plan, slots: Int, api: String, folder: String) {
        self.plan = plan
        self.slots = slots
        self.api = api
        self.folder = folder + (plan.rank == 0 ? "/coordinator" : "/worker-\(plan.rank)")
    }

    /// Replaces this process by `lockstepd`; returns only by a throw.
    func become() throws {
        let program = try Self.besideThisProgram("lockstepd")
        let token = try writeToken()
        let arguments = [program] + words(token: token)
        let environment = Self.environment().map { "\($0)=\($1)" }
        Self.closeOnExec()
        // An mpirun that is killed, or told twice to end, leaves its ranks behind.
        let failure = cprocess_signal_at_parents_end(SIGTERM)
        guard failure == 0 else {
            throw LockstepError(.io, "cannot bind to mpirun's life: \(String(cString: strerror(failure)))")
        }
        var argumentPointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var environmentPointers: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        execve(program, &argumentPointers, &environmentPointers)
        throw LockstepError(.io, "cannot run \(program): \(String(cString: strerror(errno)))")
    }

    private func words(token: String) -> [String] {
        if plan.rank == 0 {
            return [
                "coordinator", "--data-dir", folder, "--listen", plan.control.description, "--api", api,
                "--token-file", token,
            ]
        }
        return [
            "worker", "--coordinator", plan.control.description, "--name", name, "--slots", "\(slots)",
            "--data-dir", folder, "--token-file", token, "--address", plan.ownAddress, "--end-gangs",
            // Whose allocation it is runs their own code in it, and with their own rights.
        ] + (geteuid() == 0 ? ["--run-as", "root"] : [])
    }

    private static func besideThisProgram(_ name: String) throws -> String {
        do {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(name).path
        } catch {
            throw LockstepError(.io, "cannot find this program's folder in /proc/self/exe", cause: error)
        }
    }

    /// The secret in a file that only this user can read.
    private func writeToken() throws -> String {
        let path = folder + "/token"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw LockstepError(.io, "cannot make the folder \(folder)", cause: error)
        }
        // One of an earlier run may be open to others: a new file, not new content.
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else {
            throw LockstepError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        guard write(descriptor, plan.secret, plan.secret.utf8.count) == plan.secret.utf8.count else {
            throw LockstepError(.io, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        return path
    }

    /// Without what describes the MPI world that is over: the gangs are worlds of their own. The leave to
    /// run as root is the user's, and stays.
    private static func environment() -> [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            name.hasPrefix("OMPI_ALLOW_RUN_AS_ROOT")
                || !["OMPI_", "PMIX_", "PRTE_"].contains { name.hasPrefix($0) }
        }
    }

    /// MPI's own files and sockets end with this program.
    private static func closeOnExec() {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
