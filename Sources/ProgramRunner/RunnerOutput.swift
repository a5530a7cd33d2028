import Glibc
import ProgramContract
import Synchronization

/// The runner's standard streams: what different threads write does not mix within a line.
enum RunnerOutput {
    private static let lock = Mutex(())

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        guard !bytes.isEmpty else { return }
        lock.withLock { _ in
            bytes.withUnsafeBytes { buffer in
                var rest = buffer
                while !rest.isEmpty {
                    let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                    // Nobody reads it any more: the program's output goes nowhere, but it goes.
                    if count < 0, errno != EINTR, errno != EAGAIN { return }
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(0, count)))
                }
            }
        }
    }

    /// A line of the runner's own, for the job's log.
    static func note(_ text: String) { write(Array("lockstep: \(text)\n".utf8), to: 2) }

    static func report(_ report: ProgramReport) { write(Array((report.line + "\n").utf8), to: 2) }
}
