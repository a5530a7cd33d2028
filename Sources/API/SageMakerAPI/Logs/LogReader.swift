import JobLifecycle
import SageMakerShapes

/// Reads streams of the coordinator by line number and by time.
struct LogReader {
    let service: any JobService

    /// The stream's job, `JOB` of `JOB/algo-1-1795219459`.
    static func jobName(ofStream stream: String) -> String {
        String(stream.prefix { $0 != "/" })
    }

    /// Milliseconds since 1970.
    static func milliseconds(_ seconds: Double) -> Int { Int((seconds * 1000).rounded(.down)) }

    /// Number of the first line at or after `milliseconds`; the lines of a stream are in order of time.
    func firstLine(ofStream stream: String, notBefore milliseconds: Int, count: Int) async throws -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            let line = try await service.logLines(stream: stream, from: middle, limit: 1).first
            if let line, Self.milliseconds(line.time) < milliseconds {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Line numbers of the lines from `startTime` (included) to `endTime` (not included).
    func range(
        ofStream stream: String, startTime: Int?, endTime: Int?
    ) async throws -> (first: Int, end: Int) {
        let count = try await service.logLineCount(stream: stream)
        var (first, end) = (0, count)
        if let startTime {
            first = try await firstLine(ofStream: stream, notBefore: startTime, count: count)
        }
        if let endTime {
            end = try await firstLine(ofStream: stream, notBefore: endTime, count: count)
        }
        return (first, max(first, end))
    }

    /// Whether `group`, by name or ARN, is the cluster's log group.
    static func checkGroup(_ name: String?, _ identifier: String?) throws {
        guard let group = name ?? identifier else {
            throw APIFault.invalidParameter("logGroupName is missing")
        }
        guard group == TrainingLogs.group || group.hasSuffix(":log-group:\(TrainingLogs.group)") else {
            throw APIFault.logsNotFound("The specified log group does not exist.")
        }
    }
}
