import Diagnostics

/// Errors in text files, all worded alike: file, line, column, what was found.
enum TextError {
    /// The error for a field that is no usable number.
    static func field(
        _ text: some Collection<UInt8>, _ outcome: DecimalParser.Outcome, path: String, line: Int, column: Int
    ) -> LockstepError {
        let place = "\(path), line \(line), column \(column)"
        if text.isEmpty {
            return LockstepError(
                .data, "\(place) is empty: a missing value; fill it in or leave the row out")
        }
        if case .outOfRange = outcome {
            return LockstepError(.data, "\(place): '\(shown(text))' is beyond the range of a 32-bit float")
        }
        let names = ["nan", "inf", "infinity"]
        let word = String(decoding: text, as: UTF8.self).lowercased()
        if names.contains(word.hasPrefix("-") || word.hasPrefix("+") ? String(word.dropFirst()) : word) {
            return LockstepError(.data, "\(place): '\(shown(text))' is not a finite number")
        }
        let advice = FieldWord.advice(text).map { "; \($0)" } ?? ""
        return LockstepError(.data, "\(place): '\(shown(text))' is not a number\(advice)")
    }

    /// Bytes of a file made fit for a message: short, on one line.
    static func shown(_ text: some Collection<UInt8>) -> String {
        let limit = 40
        let escaped = PrintableText.escaped(String(decoding: text.prefix(limit), as: UTF8.self))
        return escaped + (text.count > limit ? "…" : "")
    }
}
