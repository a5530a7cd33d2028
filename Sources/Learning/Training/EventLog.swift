public import ClusterTypes
import Diagnostics
import Foundation
import Storage

/// `events.jsonl` of an attempt: one line a write, appended by rank 0. Other ranks have none.
public final class EventLog {
    private let path: String
    private let file: AppendingFile
    private let encoder = JSONEncoder()
    private var hasFailed = false

    /// Opens the log in an attempt's folder, making both where they are missing.
    public init(folder: String) throws {
        try FileSystem.createFolder(folder)
        path = folder + "/" + AttemptFiles.events
        file = try AppendingFile(path)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// Appends one event. A failure is reported once on standard error and ends nothing.
    ///
    /// - Parameter fill: sets what the event carries beside kind and time.
    public func emit(_ kind: TrainingEvent.Kind, _ fill: (inout TrainingEvent) -> Void = { _ in }) {
        var event = TrainingEvent(kind, time: Date().timeIntervalSince1970)
        fill(&event)
        // JSON has no words for these.
        for field in [\TrainingEvent.loss, \.value, \.seconds, \.samplesPerSecond, \.progress] {
            if let value = event[keyPath: field], !value.isFinite { event[keyPath: field] = nil }
        }
        do {
            try file.append([UInt8](try encoder.encode(event)) + [UInt8(ascii: "\n")])
        } catch {
            if !hasFailed {
                StandardStreams.error("\(ProgramName.own): warning: an event is lost: \(error)")
            }
            hasFailed = true
        }
    }
}
