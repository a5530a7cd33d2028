import CProcess
import Diagnostics
import Foundation
package import JobSpecs

/// Finds metrics in the lines of a program, as MetricDefinitions say.
package struct MetricFinder {
    /// Longer lines are searched part by part, so that no pattern takes long for one; each part has the last
    /// quarter of the one before. In UTF-16 units.
    private static let partMax = 4096
    /// What a pattern may take of a core for a line, in seconds. There are patterns that would take longer
    /// than the universe has been there.
    private static let secondsMax = 0.5

    private struct Definition {
        var name: String
        var pattern: NSRegularExpression
        /// Bytes that every match has in it, where the pattern shows any: most lines are told by them.
        var landmark: [UInt8]
        /// Whether it took too long for a line, and is not looked for any more.
        var isGivenUp = false
    }

    private var definitions: [Definition]
    var isEmpty: Bool { definitions.isEmpty }

    /// - Throws: `LockstepError(.configuration)` naming the definition whose Regex is none.
    package init(_ definitions: [JobSpec.MetricPattern]) throws {
        self.definitions = try definitions.map { definition in
            do {
                let pattern = try NSRegularExpression(pattern: definition.regex)
                return Definition(
                    name: definition.name, pattern: pattern,
                    landmark: Array(Self.landmark(definition.regex).utf8))
            } catch {
                throw LockstepError(
                    .configuration,
                    "MetricDefinitions \(definition.name): Regex '\(definition.regex)' is no regular "
                        + "expression")
            }
        }
    }

    /// The metrics of a line: the first group of each pattern's first match, where that is a number.
    ///
    /// - Parameter giveUp: called once with a definition's name when its pattern takes too long for a line;
    ///   it is looked for no more.
    package mutating func find(
        in line: UnsafeBufferPointer<UInt8>, giveUp: (String) -> Void = { _ in }
    ) -> [(name: String, value: Double)] {
        guard !definitions.isEmpty else { return [] }
        var text: NSString?
        return definitions.indices.compactMap { index in
            let definition = definitions[index]
            guard !definition.isGivenUp, Self.contains(line, definition.landmark) else { return nil }
            let string = text ?? (String(decoding: line, as: UTF8.self) as NSString)
            text = string
            var isTooSlow = false
            let found = Self.firstMatch(definition.pattern, string, &isTooSlow)
            if isTooSlow {
                definitions[index].isGivenUp = true
                giveUp(definition.name)
                return nil
            }
            guard let match = found else { return nil }
            let range = match.range(at: match.numberOfRanges > 1 ? 1 : 0)
            guard range.location != NSNotFound else { return nil }
            let number = string.substring(with: range).trimmingCharacters(in: .whitespaces)
            // JSON has no word for what is not finite.
            guard let value = Double(number), value.isFinite else { return nil }
            return (definition.name, value)
        }
    }

    private static func firstMatch(
        _ pattern: NSRegularExpression, _ text: NSString, _ isTooSlow: inout Bool
    ) -> NSTextCheckingResult? {
        let end = coreSeconds() + secondsMax
        var (begin, calls, isLate) = (0, 0, false)
        while true {
            let part = NSRange(location: begin, length: min(partMax, text.length - begin))
            var match: NSTextCheckingResult?
            // Told of progress at each place where a match could begin, and each ten thousand steps.
            pattern.enumerateMatches(
                in: text as String,
                options: [.withoutAnchoringBounds, .withTransparentBounds, .reportProgress], range: part
            ) { result, _, stop in
                match = match ?? result
                calls += 1
                if calls % 32 == 0, coreSeconds() > end { isLate = true }
                if result != nil || isLate { stop.pointee = true }
            }
            isTooSlow = isLate
            if isLate || match != nil || begin + part.length >= text.length { return match }
            begin += partMax / 4 * 3
        }
    }

    /// What this thread has had of a core.
    private static func coreSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Longest run of plain characters at the top of a pattern without alternatives; may be empty.
    package static func landmark(_ pattern: String) -> String {
        // What these can mean is left to the real reader of patterns.
        guard !pattern.contains("|"), !pattern.contains("(?"), !pattern.contains("\\Q") else { return "" }
        var (best, run, depth, classes) = ("", "", 0, 0)
        var characters = Array(pattern)[...]
        func end() { if run.utf8.count > best.utf8.count { best = run }; run = "" }
        while let character = characters.popFirst() {
            let isPlain =
                depth == 0 && classes == 0
                && (character.isLetter || character.isNumber || " _=:,;-%/#@!<>'\"&~".contains(character))
            if isPlain {
                run.append(character)
                continue
            }
            // A quantifier takes the character before it out of the run.
            if "?*{".contains(character), depth == 0, classes == 0, !run.isEmpty { run.removeLast() }
            end()
            switch character {
            case "\\":
                guard let escaped = characters.popFirst(), !"xuU0123456789cNkE".contains(escaped) else {
                    return ""
                }
            case "[": classes += 1
            case "]": classes -= 1
            case "(" where classes == 0: depth += 1
            case ")" where classes == 0: depth -= 1
            case "{" where classes == 0: characters = characters.drop { $0 != "}" }.dropFirst()
            default: break
            }
        }
        end()
        return best
    }

    private static func contains(_ line: UnsafeBufferPointer<UInt8>, _ landmark: [UInt8]) -> Bool {
        guard !landmark.isEmpty, let base = line.baseAddress else { return landmark.isEmpty }
        return cprocess_contains(base, line.count, landmark, landmark.count) == 1
    }
}
