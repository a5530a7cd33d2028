/// Rows of words in aligned columns.
public struct TextTable: Sendable {
    /// On which side of its column a word stands.
    public enum Alignment: Sendable { case left, right }

    private let heads: [(text: String, alignment: Alignment)]
    private var rows: [[String]] = []

    /// - Parameter heads: title and alignment of every column.
    public init(_ heads: [(String, Alignment)]) {
        self.heads = heads.map { (text: $0.0, alignment: $0.1) }
    }

    /// Adds a row with as many words as there are columns.
    public mutating func add(_ words: [String]) {
        precondition(words.count == heads.count, "a row has as many words as the table has columns")
        rows.append(words)
    }

    /// The heads and the rows, a line each, columns two blanks apart.
    public var text: String {
        var widths = heads.map { $0.text.count }
        for row in rows {
            for (column, word) in row.enumerated() { widths[column] = max(widths[column], word.count) }
        }
        let lines = ([heads.map(\.text)] + rows).map { row -> String in
            let cells = row.enumerated().map { column, word -> String in
                let blanks = String(repeating: " ", count: widths[column] - word.count)
                return heads[column].alignment == .left ? word + blanks : blanks + word
            }
            return Self.trimmed(cells.joined(separator: "  "))
        }
        return lines.joined(separator: "\n")
    }

    private static func trimmed(_ line: String) -> String {
        var line = Substring(line)
        while line.hasSuffix(" ") { line = line.dropLast() }
        return String(line)
    }
}
