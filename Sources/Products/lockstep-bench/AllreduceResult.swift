import Diagnostics
import Foundation

/// What `lockstep-bench allreduce` prints.
struct AllreduceResult: Encodable {
    struct Row: Encodable {
        let bytes: Int
        let repetitions: Int
        let floatMicroseconds: Double
        let exactMicroseconds: Double
        var ratio: Double { exactMicroseconds / floatMicroseconds }

        private enum CodingKeys: String, CodingKey {
            case bytes, repetitions, floatMicroseconds, exactMicroseconds, ratio
        }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(bytes, forKey: .bytes)
            try container.encode(repetitions, forKey: .repetitions)
            try container.encode(floatMicroseconds, forKey: .floatMicroseconds)
            try container.encode(exactMicroseconds, forKey: .exactMicroseconds)
            try container.encode(ratio, forKey: .ratio)
        }
    }

    let ranks: Int
    let threads: Int
    let shardsPerRank: Int
    let rows: [Row]

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    func table() -> String {
        let heading = "\(ranks) ranks, \(threads) threads and \(shardsPerRank) shards a rank; medians"
        let columns = ["size", "MPI float", "exact", "ratio", "repetitions"]
        let lines = rows.map { row in
            [
                size(row.bytes), microseconds(row.floatMicroseconds), microseconds(row.exactMicroseconds),
                String(format: "%.2f", row.ratio), String(row.repetitions),
            ]
        }
        return ([heading] + ([columns] + lines).map(line)).joined(separator: "\n")
    }

    private func line(_ cells: [String]) -> String {
        cells.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }.joined()
    }

    private func size(_ bytes: Int) -> String {
        if bytes >= 1 << 20, bytes % (1 << 20) == 0 { return "\(bytes >> 20) MiB" }
        if bytes >= 1 << 10, bytes % (1 << 10) == 0 { return "\(bytes >> 10) KiB" }
        return "\(bytes) B"
    }

    private func microseconds(_ value: Double) -> String { String(format: "%.1f µs", value) }
}
