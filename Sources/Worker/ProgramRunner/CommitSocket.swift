import Diagnostics
import Glibc
import Processes
import Storage

/// A listening Unix socket that a program on the same host reaches through its file.
struct CommitSocket: Sendable {
    let path: String
    let descriptor: Int32

    /// - Parameter user: who alone may use it; `nil`: this process's.
    /// - Throws: `.io` naming the path.
    init(_ path: String, user: JobUser?) throws {
        self.path = path
        let folder = FileSystem.parent(of: path) ?? "/"
        try FileSystem.createFolder(folder)
        try FileSystem.remove(path)
        // The folder through a descriptor, because an address holds 107 bytes at most.
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folderDescriptor >= 0 else { throw LockstepError.system("open", folder) }
        defer { close(folderDescriptor) }
        let name = path.split(separator: "/").last ?? ""
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let text = Array("/proc/self/fd/\(folderDescriptor)/\(name)".utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard text.count < capacity else {
            throw LockstepError(.io, "the socket's name \(name) is too long; give a shorter one")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw LockstepError.system("make a socket for", path) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard result == 0, chmod(path, 0o600) == 0,
            lchown(path, user?.user ?? geteuid(), user?.group ?? getegid()) == 0,
            listen(descriptor, 16) == 0
        else {
            let error = LockstepError.system("listen at", path)
            close(descriptor)
            throw error
        }
    }

    /// The next connection; `nil` when the socket has been closed.
    func accept() -> Int32? {
        while true {
            // Children close all descriptors but their own three, so that this one needs no CLOEXEC.
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 { return connection }
            if errno != EINTR && errno != ECONNABORTED { return nil }
        }
    }

    /// Ends the waiting of `accept`, in whichever thread.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func remove() {
        close(descriptor)
        unlink(path)
    }
}
