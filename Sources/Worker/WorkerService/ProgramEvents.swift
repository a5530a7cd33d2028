import ClusterTypes
import Foundation
import Glibc
import Storage

/// Writes `events.jsonl` for a program, whose ranks know nothing of it.
struct ProgramEvents {
    private let path: String

    init(_ folder: AttemptFolder) { path = folder.eventsFile }

    /// Appends a line an event. What cannot be written is lost: training goes on without it, as it does
    /// without its log.
    func append(_ events: [TrainingEvent]) {
        guard !events.isEmpty else { return }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes: [UInt8] = []
        for event in events {
            guard let json = try? encoder.encode(event) else { continue }
            bytes += json + [0x0A]
        }
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}
