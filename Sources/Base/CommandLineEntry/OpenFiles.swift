import CProcess
import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// The limit of open files, which many systems set low for no reason: raised as far as it may be, and looked
/// at before something in the depth of a library fails for want of a descriptor.
enum OpenFiles {
    /// More is of no use, and slow for programs that close all they could have.
    private static let usefulLimit = 65_536
    /// What a program without services needs.
    private static let needed = 16
    /// What an event loop takes, of which services have one a core.
    private static let perLoop = 3
    /// EX_OSERR.
    private static let status: Int32 = 71

    /// Raises the limit for this process and what it starts; ends the process with a sentence when too few
    /// descriptors are left.
    ///
    /// - Parameter forServices: whether connections will be served.
    static func prepare(program: String, forServices: Bool) {
        let limit = cprocess_raise_open_files(usefulLimit)
        let loops = forServices ? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) : 0
        let count = needed + (forServices ? needed : 0) + loops * perLoop
        guard !areFree(count) else { return }
        StandardStreams.error(
            "\(program): fewer than \(count) more files can be opened here: raise the limit of open files"
                + " (ulimit -n, LimitNOFILE of a systemd unit), which is \(limit)")
        exit(status)
    }

    /// Tries it: descriptors that were inherited count, wherever their numbers lie.
    private static func areFree(_ count: Int) -> Bool {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < count {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            opened.append(descriptor)
        }
        return true
    }
}
