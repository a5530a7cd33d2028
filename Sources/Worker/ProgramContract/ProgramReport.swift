import Diagnostics
import Foundation

/// What a host tells the supervisor: a line on standard error, `lockstep-program ` and an object in JSON.
/// Such lines stay out of the logs.
public struct ProgramReport: Codable, Sendable, Equatable {
    public static let prefix = "lockstep-program "

    public enum Kind: String, Codable, Sendable {
        /// The program runs.
        case started
        /// A metric that a MetricDefinition found, or that the program reported: `name`, `value`, `step`.
        case metric
        /// State that the program has committed: `step`.
        case committed
        /// The program and all its children are gone: `outcome`, `status`, `message`.
        case ended
    }

    public enum Outcome: String, Codable, Sendable {
        /// Exit status 0.
        case completed
        /// It was asked to stop.
        case stopped
        /// It ended badly by itself: `status`, and `message` from its failure file or its last errors.
        case failed
        /// Something on its node ended or prevented it: its guardian was killed, or it could not be started.
        case killed
        /// SIGKILL, SIGTERM or SIGHUP ended its main process, and the runner did not send it. Whether the
        /// program itself did, or somebody outside, no system tells.
        case signalled
        /// The kernel ended it because the node, not the program's share of it, had no memory left.
        case outOfMemory
        /// It was ended because the rest of the gang is gone.
        case abandoned
        /// It ended well, but what it left could not be saved: `message`. The user's to fix where `status` is
        /// that of a `.data` error, else the node's fault.
        case unsaved
        /// It could not be started: `message`. The user's to fix.
        case notStarted
    }

    public var kind: Kind
    public var name: String?
    public var value: Double?
    public var step: Int?
    public var outcome: Outcome?
    /// Exit status, or 128 + signal.
    public var status: Int32?
    public var message: String?
    /// `LockstepError` code of what failed on the node, not in the program.
    public var code: String?

    public init(_ kind: Kind) { self.kind = kind }

    /// - Returns: `nil` for a line that is no report.
    public init?(line: String) {
        guard line.hasPrefix(Self.prefix) else { return nil }
        let json = Data(line.dropFirst(Self.prefix.count).utf8)
        guard let report = try? JSONDecoder().decode(Self.self, from: json) else { return nil }
        self = report
    }

    /// The line, without its newline.
    public var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = (try? encoder.encode(self)) ?? Data("{}".utf8)
        return Self.prefix + String(decoding: json, as: UTF8.self)
    }
}
