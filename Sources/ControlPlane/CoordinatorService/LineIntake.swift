package import ClusterTypes
package import Diagnostics
import Foundation
package import JobLifecycle
package import Wire

/// What of a forwarded piece is new: the part behind what is stored already.
package struct LineIntake: Equatable {
    /// Whole lines, without their newlines.
    package var lines: [String]
    /// Where the stream stands afterwards; the answer to the worker in any case.
    package var next: UInt64

    /// - Parameter stored: bytes of the stream that are stored already.
    /// - Throws: `.network` for a piece that does not end with a whole line.
    package init(_ chunk: LineChunk, stored: UInt64) throws(LockstepError) {
        let (end, isTooFar) = chunk.offset.addingReportingOverflow(UInt64(chunk.data.count))
        guard !isTooFar else {
            throw LockstepError(.network, "a piece of \(chunk.stream) of \(chunk.attempt) ends nowhere")
        }
        // A gap means that the worker believes too much stored: the answer sends it back.
        guard chunk.offset <= stored, end > stored else {
            lines = []
            next = stored
            return
        }
        guard chunk.data.last == 0x0A else {
            throw LockstepError(.network, "a piece of \(chunk.stream) of \(chunk.attempt) ends within a line")
        }
        let fresh = chunk.data[Int(stored - chunk.offset)...].dropLast()
        lines = fresh.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        next = end
    }

    /// The lines of a rank's log: `SECONDS<tab>TEXT`.
    package func logLines(receivedAt time: Double) -> [LogLine] {
        lines.map { line in
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let stamp = Double(parts[0]), PlausibleReport.times.contains(stamp) else {
                return LogLine(time: time, text: line)
            }
            return LogLine(time: stamp, text: String(parts[1]))
        }
    }

    /// The lines of `events.jsonl`; one that cannot be read, or cannot be true, is left out.
    package func events() -> [TrainingEvent] {
        lines.compactMap { try? JSONDecoder().decode(TrainingEvent.self, from: Data($0.utf8)) }
            .filter(PlausibleReport.isPlausible)
    }
}
