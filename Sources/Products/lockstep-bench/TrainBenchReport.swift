import Foundation

/// One line of the training benchmark.
struct TrainBenchResult: Encodable {
    var workload: String
    var threads: Int
    var shards: Int
    var recordsPerSecond: Double
    var peer: String?
    var peerRecordsPerSecond: Double?
    /// Ours over theirs.
    var ratio: Double? { peerRecordsPerSecond.map { recordsPerSecond / $0 } }
}

struct TrainBenchReport {
    var coreType: String
    var data: String
    var records: Int
    var width: Int
    var results: [TrainBenchResult]

    func json() throws -> String {
        struct Line: Encodable {
            var result: TrainBenchResult
            func encode(to encoder: any Encoder) throws {
                try result.encode(to: encoder)
                var container = encoder.container(keyedBy: Key.self)
                try container.encodeIfPresent(result.ratio, forKey: .ratio)
            }
            enum Key: String, CodingKey { case ratio }
        }
        struct Whole: Encodable {
            var coreType, data: String
            var records, width: Int
            var results: [Line]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let whole = Whole(
            coreType: coreType, data: data, records: records, width: width,
            results: results.map(Line.init))
        return String(decoding: try encoder.encode(whole), as: UTF8.self)
    }

    var text: String {
        var lines = [
            "\(data), \(records) × \(width), BLAS core type \(coreType); records/s, medians",
            Self.row("workload", "threads", "shards", "lockstep", "peer", "", "ratio"),
        ]
        for result in results {
            lines.append(
                Self.row(
                    result.workload, String(result.threads), String(result.shards),
                    Self.whole(result.recordsPerSecond), result.peerRecordsPerSecond.map(Self.whole) ?? "-",
                    result.peer ?? "", result.ratio.map { String(format: "%.2f", $0) } ?? "-"))
        }
        return lines.joined(separator: "\n")
    }

    private static func whole(_ value: Double) -> String { String(Int(value.rounded())) }

    private static func row(_ cells: String...) -> String {
        let widths = [26, 8, 7, 10, 10, 26, 6]
        return zip(cells, widths).map { cell, width in
            cell + String(repeating: " ", count: max(1, width - cell.count))
        }.joined()
    }
}
