import Diagnostics
import Glibc
import ProgramContract
import Synchronization

/// The runner's standard streams, which nobody else writes to: text and reports in the supervisor's
/// `OutputCode`. What different threads write does not mix within a line.
enum RunnerOutput {
    private static let lock = Mutex(())

    /// Writes bytes that are encoded already.
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
    static func note(_ text: String) { line("lockstep: \(text)") }

    static func report(_ report: ProgramReport) { write(OutputCode.report(report.line), to: 2) }

    /// A line of one of the runner's services: a report, or one for the job's log.
    static func line(_ text: String) {
        if let said = ProgramReport(line: text) { return report(said) }
        var bytes: [UInt8] = []
        OutputCode.encode(text.utf8, into: &bytes)
        write(bytes + [0x0A], to: 2)
    }
}
