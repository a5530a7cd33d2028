public import ArgumentParser
import Diagnostics
import Foundation

/// `--output text|json`: for people, or for programs.
public enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json

    /// Prints `value` as JSON with sorted members to standard output.
    ///
    /// - Parameter isPretty: one member a line; else all on one line.
    public static func printJSON(_ value: some Encodable, isPretty: Bool = true) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        StandardStreams.output(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
