/// Finds the name that was probably meant by a misspelt one.
public enum NearestName {
    /// The candidate that the fewest single-letter edits turn into `name`; `nil` when none is close.
    public static func to(_ name: String, in candidates: [String]) -> String? {
        let limit = max(1, name.count / 3)
        let ranked = candidates.map { ($0, distance(name.lowercased(), $0.lowercased())) }
        return ranked.filter { $0.1 <= limit }.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// Levenshtein distance.
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b)
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
