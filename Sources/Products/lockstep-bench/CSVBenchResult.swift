import Foundation

/// What `lockstep-bench csv` prints.
struct CSVBenchResult: Encodable {
    struct Row: Encodable {
        let file: String
        let bytes: Int
        let rows: Int
        let columns: Int
        /// Median of index and load together.
        let seconds: Double
        let pandasSeconds: Double?
        /// Peak memory over the matrix.
        let memoryRatio: Double
        /// Speed over that of pandas; above 1 is faster.
        var ratio: Double? { pandasSeconds.map { $0 / seconds } }

        private enum CodingKeys: String, CodingKey {
            case file, bytes, rows, columns, megabytesPerSecond, pandasMegabytesPerSecond, ratio, memoryRatio
        }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(file, forKey: .file)
            try container.encode(bytes, forKey: .bytes)
            try container.encode(rows, forKey: .rows)
            try container.encode(columns, forKey: .columns)
            try container.encode(speed(seconds), forKey: .megabytesPerSecond)
            try container.encodeIfPresent(pandasSeconds.map(speed), forKey: .pandasMegabytesPerSecond)
            try container.encodeIfPresent(ratio, forKey: .ratio)
            try container.encode(memoryRatio, forKey: .memoryRatio)
        }

        /// MB (of a million bytes) a second.
        fileprivate func speed(_ seconds: Double) -> Double { Double(bytes) / seconds / 1e6 }
    }

    /// The version of pandas, or why there is none.
    let pandas: String
    let repetitions: Int
    var rows: [Row]

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    func table() -> String {
        let heading = "\(pandas); median of \(repetitions) readings"
        let columns = ["file", "size MB", "Lockstep MB/s", "pandas MB/s", "ratio", "memory/matrix"]
        let lines = rows.map { row in
            [
                row.file, String(format: "%.0f", Double(row.bytes) / 1e6),
                String(format: "%.0f", row.speed(row.seconds)),
                row.pandasSeconds.map { String(format: "%.0f", row.speed($0)) } ?? "-",
                row.ratio.map { String(format: "%.2f", $0) } ?? "-",
                String(format: "%.2f", row.memoryRatio),
            ]
        }
        return ([heading] + ([columns] + lines).map(line)).joined(separator: "\n")
    }

    private func line(_ cells: [String]) -> String {
        cells.map { String(repeating: " ", count: max(0, 15 - $0.count)) + $0 }.joined()
    }
}
