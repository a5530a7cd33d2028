import ServiceModels
import ClusterTypes
import Diagnostics
import FoundationEssentials
import JobLifecycle
import SageMakerShapes

/// Lines of several streams in order of time, all or those with certain words.
struct FilterLogEvents: TypedHandler {
    let service = ServiceName.logs
    let operation = "FilterLogEvents"
    let jobs: any JobService

    func answer(
        _ input: FilterLogEventsRequest, _ call: APICall
    ) async throws -> FilterLogEventsResponse {
        try LogReader.checkGroup(input.logGroupName, input.logGroupIdentifier)
        let pattern = try LogPattern(input.filterPattern ?? "")
        var places = try Places(token: input.nextToken)
        let limit = input.limit ?? 10_000
        let reader = LogReader(service: jobs)
        var candidates: [(event: FilteredLogEvent, line: Int)] = []
        for name in try await streamNames(input, reader) {
            let range = try await reader.range(
                ofStream: name, startTime: input.startTime, endTime: input.endTime)
            let start = max(range.first, places.lineByStream[name] ?? 0)
            guard start < range.end else { continue }
            let lines = try await jobs.logLines(
                stream: name, from: start, limit: min(limit, range.end - start))
            for (offset, line) in lines.enumerated() {
                candidates.append((Self.event(line, stream: name, number: start + offset), start + offset))
            }
        }
        candidates.sort {
            ($0.event.timestamp, $0.event.logStreamName, $0.line)
                < ($1.event.timestamp, $1.event.logStreamName, $1.line)
        }
        // Fewer lines than `limit` were read of a stream only at its end, so the first `limit` of the
        // merged lines are the first `limit` of all.
        let page = candidates.prefix(limit)
        for entry in page { places.lineByStream[entry.event.logStreamName] = entry.line + 1 }
        let events = page.map(\.event).filter { pattern.matches($0.message) }
        return FilterLogEventsResponse(
            events: events, nextToken: page.count == limit ? try places.token() : nil)
    }

    private func streamNames(
        _ input: FilterLogEventsRequest, _ reader: LogReader
    ) async throws -> [String] {
        if input.logStreamNames != nil, input.logStreamNamePrefix != nil {
            throw APIFault.invalidParameter("Give logStreamNames or logStreamNamePrefix, not both")
        }
        guard let names = input.logStreamNames else {
            return try await reader.streams(prefix: input.logStreamNamePrefix ?? "").map(\.name)
        }
        for name in names {
            guard try await reader.streams(prefix: name).contains(where: { $0.name == name }) else {
                throw APIFault.logsNotFound("The specified log stream does not exist.")
            }
        }
        return names
    }

    private static func event(_ line: LogLine, stream: String, number: Int) -> FilteredLogEvent {
        FilteredLogEvent(
            logStreamName: stream, timestamp: LogReader.milliseconds(line.time), message: line.text,
            eventId: "\(stream):\(number)")
    }

    /// What a page token holds: the next line of every stream.
    private struct Places: Codable {
        var lineByStream: [String: Int] = [:]

        init(token: String?) throws {
            guard let token else { return }
            guard let bytes = Data(base64Encoded: token),
                let places = try? JSONDecoder().decode(Places.self, from: bytes)
            else { throw APIFault.invalidParameter("The specified nextToken is invalid.") }
            self = places
        }

        func token() throws -> String { try JSONEncoder().encode(self).base64EncodedString() }
    }
}

/// The plain form of CloudWatch Logs' filter patterns: words and quoted phrases, all of which a line
/// must contain.
struct LogPattern {
    private let phrases: [String]

    /// - Throws: `APIFault` InvalidParameterException for patterns over JSON or columns.
    init(_ text: String) throws {
        if let first = text.first(where: { !$0.isWhitespace }), "{[?-%".contains(first) {
            throw APIFault.invalidParameter(
                "Invalid filter pattern: only words and quoted phrases are offered")
        }
        phrases = text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap {
            $0.isMultiple(of: 2) ? $1.split(separator: " ").map(String.init) : [String($1)]
        }
    }

    func matches(_ message: String) -> Bool { phrases.allSatisfy { message.contains($0) } }
}
