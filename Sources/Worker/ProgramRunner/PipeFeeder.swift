import Diagnostics
import Foundation
import Glibc
import Processes
import Storage
import Synchronization

/// Pipe mode: the channel's files, one after the other, through `CHANNEL_0`, then `CHANNEL_1`, … once for
/// each time that the program opens the next one.
final class PipeFeeder: Sendable {
    private let files: [FileName]
    private let prefix: String
    private let user: JobUser?
    private let isEnding = Atomic<Bool>(false)

    /// - Parameters:
    ///   - files: absolute paths.
    ///   - prefix: path of the fifos without their number.
    ///   - user: with whose rights files are read and fifos made.
    init(files: [FileName], prefix: String, user: JobUser?) throws {
        self.files = files
        self.prefix = prefix
        self.user = user
        try user.access { try make(0) }
    }

    func start() {
        Thread.detachNewThread { [self] in
            // Of a user that cannot be acted as `init` has told.
            try? user.access { feed() }
        }
    }

    private func feed() {
        for epoch in 0... {
            guard let pipe = open(epoch) else { return }
            for file in files where !copy(file, to: pipe) { break }
            // The next one is there before the reader can see the end of this one.
            let isMade = (try? make(epoch + 1)) != nil
            close(pipe)
            unlink("\(prefix)_\(epoch)")
            guard isMade else { return }
        }
    }

    /// The thread ends within a tenth of a second.
    func end() { isEnding.store(true, ordering: .relaxed) }

    private func make(_ epoch: Int) throws {
        let path = "\(prefix)_\(epoch)"
        guard mkfifo(path, 0o644) == 0 else { throw LockstepError.system("make fifo", path) }
        chmod(path, 0o644)
    }

    /// Waits for a reader.
    private func open(_ epoch: Int) -> Int32? {
        while !isEnding.load(ordering: .relaxed) {
            let pipe = Glibc.open("\(prefix)_\(epoch)", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            if pipe >= 0 { return pipe }
            guard errno == ENXIO || errno == EINTR else { return nil }
            usleep(2_000)
        }
        return nil
    }

    /// - Returns: false when the reader is gone, or the feeder is to end.
    private func copy(_ file: FileName, to pipe: Int32) -> Bool {
        let source = file.withCString { Glibc.open($0, O_RDONLY | O_CLOEXEC) }
        guard source >= 0 else { return false }
        defer { close(source) }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(source, &chunk, chunk.count)
            guard count > 0 else { return count == 0 }
            var sent = 0
            while sent < count {
                guard !isEnding.load(ordering: .relaxed) else { return false }
                let written = chunk.withUnsafeBytes {
                    Glibc.write(pipe, $0.baseAddress.map { $0 + sent }, count - sent)
                }
                if written > 0 { sent += written } else if errno != EAGAIN, errno != EINTR { return false }
                if written < 0 {
                    var poll = pollfd(fd: pipe, events: Int16(POLLOUT), revents: 0)
                    Glibc.poll(&poll, 1, 100)
                }
            }
        }
    }
}
