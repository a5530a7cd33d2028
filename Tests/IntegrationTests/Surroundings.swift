import Foundation
import Glibc

/// As whom, and with what of the kernel's help, a cluster's daemons and clients run.
enum Surroundings {
    /// As the tests do: where root tests, jobs run as nobody.
    case own
    /// As a user without rights.
    case plainUser
    /// As a user without rights whose kernel allows no mounts.
    case withoutMounts
    /// As the tests do, with a file system at that path that takes no writes.
    case readOnly(String)

    /// A command that starts another one so.
    var words: [String] {
        let user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        switch self {
        case .own: return []
        case .plainUser: return user
        case .withoutMounts:
            let script =
                "echo 0 > /proc/sys/user/max_mnt_namespaces && "
                + "exec setpriv --ambient-caps=-all --inh-caps=-all -- \"$@\""
            return (geteuid() == 0 ? user : [])
                + ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", script, "sh"]
        case .readOnly(let path):
            let own = geteuid() == 0 ? [] : ["--user", "--map-current-user", "--keep-caps"]
            let script = "mount -t tmpfs -o ro tmpfs \"$0\" && exec \"$@\""
            return ["unshare", "--mount"] + own + ["sh", "-c", script, path]
        }
    }

    /// What daemons find beside what the tests do: a home that is theirs.
    func environment(_ folder: URL) -> [String: String] {
        switch self {
        case .own, .readOnly: [:]
        case .plainUser, .withoutMounts: ["HOME": folder.path]
        }
    }

    /// Why nothing can run so here; `nil` when it can.
    var obstacle: String? {
        switch self {
        case .own: return nil
        case .plainUser where geteuid() != 0: return "only root can become another user"
        default: break
        }
        do {
            return try withTemporaryFolder { folder in
                let look = try Program.start("lockstepd", ["--version"], in: folder, through: words).wait()
                return look.status == 0 ? nil : "as \(self), lockstepd cannot run: \(look.error)"
            }
        } catch { return "\(error)" }
    }

    /// Makes files that user's who runs so.
    func give(_ files: [URL], in folder: URL) throws {
        switch self {
        case .own, .readOnly: return
        case .plainUser, .withoutMounts: break
        }
        guard geteuid() == 0 else { return }
        try Program.run("chown", ["nobody:nogroup"] + files.map(\.path), in: folder)
    }
}
