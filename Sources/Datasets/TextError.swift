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
        let hint =
            text.contains(UInt8(ascii: "\t")) ? "tab" : text.contains(UInt8(ascii: ";")) ? "semicolon" : nil
        let advice = hint.map { "; if \($0)s divide the columns, say delimiter=\($0)" } ?? ""
        return LockstepError(.data, "\(place): '\(shown(text))' is not a number\(advice)")
    }

    /// Bytes of a file made fit for a message: short, on one line.
    static func shown(_ text: some Collection<UInt8>) -> String {
        let limit = 40
        let escaped = String(decoding: text.prefix(limit), as: UTF8.self).unicodeScalars.map {
            $0.value < 0x20 || $0.value == 0x7F ? $0.escaped(asASCII: true) : String($0)
        }
        return escaped.joined() + (text.count > limit ? "…" : "")
    }
}
