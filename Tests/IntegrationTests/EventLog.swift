import Foundation

/// What a job's gangs have written to their own event logs, which go on while no daemon looks.
struct EventLog {
    /// The folder of the cluster.
    var folder: URL
    var job: String

    /// The events of all attempts, in no order.
    func events() throws -> [[String: Any]] {
        var found: [[String: Any]] = []
        let walker = FileManager.default.enumerator(atPath: folder.path)
        while let path = walker?.nextObject() as? String {
            guard path.hasSuffix("events.jsonl"), path.contains("/\(job)/") else { continue }
            let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
            // The last line may be half written.
            found += text.split(separator: "\n").compactMap {
                try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        }
        return found
    }

    /// Waits until the gangs have told `count` more events.
    func grows(by count: Int, seconds: Double = 30) throws -> Bool {
        let before = try events().count
        return try RunningProgram.eventually(seconds: seconds) { try events().count >= before + count }
    }
}
