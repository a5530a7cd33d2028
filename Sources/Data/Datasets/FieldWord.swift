/// Words and spellings that stand where a number belongs, and what to do about them.
enum FieldWord {
    private static let truths: Set<String> = ["true", "false", "yes", "no"]
    private static let missing: Set<String> = [
        "na", "n/a", "#n/a", "null", "none", "nil", "missing", "-", "?", ".", "<na>", "nat",
    ]
    private static let infinite: Set<String> = ["nan", "inf", "-inf", "infinity", "-infinity"]

    /// Whether a word stands for a value, and so is no name of a column.
    static func isValue(_ text: String) -> Bool {
        let word = text.lowercased()
        return ["true", "false"].contains(word) || missing.contains(word) || infinite.contains(word)
    }

    /// What to do about a field that is no number; `nil` when there is nothing particular to say.
    static func advice(_ bytes: some Collection<UInt8>) -> String? {
        if bytes.contains(0) { return "it holds zero bytes: if the file is UTF-16, save it as UTF-8" }
        if bytes.contains(0x0D) {
            return "if carriage returns alone end the lines, save the file with line feeds"
        }
        if bytes.contains(UInt8(ascii: "\t")) { return "if tabs divide the columns, say delimiter=tab" }
        if bytes.contains(UInt8(ascii: ";")) {
            return "if semicolons divide the columns, say delimiter=semicolon"
        }
        guard bytes.count <= 64 else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        if truths.contains(text.lowercased()) { return "write 1 for true and 0 for false" }
        if missing.contains(text.lowercased()) {
            return "it stands for a missing value; fill it in or leave the row out"
        }
        return numberAdvice(text)
    }

    private static func numberAdvice(_ text: String) -> String? {
        let digits = text.unicodeScalars.filter { ("0"..."9").contains($0) }.count
        guard digits > 0 else { return nil }
        let rest = String(text.unicodeScalars.filter { !("0"..."9").contains($0) })
        let marks = Set(rest)
        let separators: Set<Character> = [",", " ", "'", "_", "\u{A0}", "\u{202F}", "\u{2009}"]
        if marks.isSubset(of: separators.union(["+", "-", "."])), !marks.isDisjoint(with: separators) {
            let last = text.split(separator: ",", omittingEmptySubsequences: false).last ?? ""
            let isDecimal = rest.filter { $0 == "," }.count == 1 && !marks.contains(".") && last.count != 3
            return isDecimal && marks.isSubset(of: "+-,")
                ? "write a point before the fraction"
                : "write the number without thousands separators, and a point before the fraction"
        }
        if text.contains(where: { "$€£¥₹%".contains($0) }) {
            return "write the number alone, without its unit"
        }
        let isDate =
            (4...20).contains(digits) && marks.isSubset(of: "-/.:TZ+ ")
            && (rest.filter { "-/.:".contains($0) }.count >= 2 || marks.contains(":"))
        if isDate { return "turn dates and times into numbers" }
        if text.contains(":"), text.contains(" ") { return "if the rows are libsvm, say text/libsvm" }
        return nil
    }
}
