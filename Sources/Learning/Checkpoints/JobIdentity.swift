import Crypto
public import Diagnostics
import Storage

/// What decides a job's mathematics: algorithm, hyperparameters, seed, V, channels, record counts,
/// BLAS core type. Two runs with equal identities walk through the same states.
public struct JobIdentity: Codable, Sendable, Equatable {
    /// Facts by name, all as text.
    public let fields: [String: String]
    public init(_ fields: [String: String]) { self.fields = fields }

    /// SHA-256 over the fields in order of name: 64 hex digits.
    public var hash: String {
        var hasher = SHA256()
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            for text in [name, value] {
                withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) {
                    hasher.update(bufferPointer: $0)
                }
                hasher.update(data: [UInt8](text.utf8))
            }
        }
        return Checksum.hexadecimal([UInt8](hasher.finalize()))
    }

    /// One clause for each fact that differs, data first, the rest in order of name: `seed is 2 now and
    /// was 1`.
    ///
    /// Of a channel whose content the earlier identity does not tell, the content is not compared.
    public func differences(from earlier: JobIdentity) -> [String] {
        let changed = changedChannels(since: earlier)
        // What follows from the data is not told besides.
        let silent = Set(
            changed.flatMap { channel in
                ["sha256", "records", "columns", "layout"].map { "channel \(channel) \($0)" }
            } + channelsWithoutDigest(in: earlier).map(Self.digestName))
        let names = Set(fields.keys).union(earlier.fields.keys).subtracting(silent).sorted()
        return dataChanges(since: earlier)
            + names.filter { !Self.isData($0) }.compactMap { Self.clause($0, fields, earlier.fields) }
    }

    /// The refusal of what belongs to another identity; `nil` where the two are one job's.
    ///
    /// - Parameters:
    ///   - place: what belongs to the earlier one: `/out/a/… is a checkpoint of job a`.
    ///   - advice: what to do where more than the data differs.
    public func conflict(with earlier: JobIdentity, at place: String, advice: String) -> LockstepError? {
        let differences = differences(from: earlier)
        guard !differences.isEmpty else { return nil }
        let changes = dataChanges(since: earlier)
        guard differences == changes else {
            return LockstepError(
                .conflict,
                "\(place), which is not this job: " + differences.joined(separator: ", ") + "; \(advice)")
        }
        return LockstepError(
            .conflict,
            changes.joined(separator: "; ") + "; \(place): put the data back as they were, or begin again as "
                + "another job with other folders")
    }

    private static func clause(
        _ name: String, _ now: [String: String], _ before: [String: String]
    ) -> String? {
        switch (now[name], before[name]) {
        case (let now?, let before?): now == before ? nil : "\(name) is \(now) now and was \(before)"
        case (let now?, nil): "\(name) is \(now) now and was not set"
        case (nil, let before?): "\(name) is not set now and was \(before)"
        case (nil, nil): nil
        }
    }
}
