/// Finds the name a user may have meant.
public enum NameDistance {
    /// The nearest of `names` by edits, when it is near enough to be a slip of the hand: at most two
    /// edits, or a third of its length. Case and `-` for `_` do not count.
    public static func nearest(to given: String, among names: [String]) -> String? {
        let word = folded(given)
        let best = names.map { (name: $0, edits: edits(word, folded($0))) }
            .min { ($0.edits, $0.name) < ($1.edits, $1.name) }
        guard let best, best.edits <= max(2, best.name.count / 3) else { return nil }
        return best.name
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
    }

    /// Levenshtein distance, one row of the table at a time.
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let replaced = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
