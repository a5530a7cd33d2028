import Crypto
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

    /// One clause for each fact that differs, in order of name: `seed is 2 now and was 1`.
    public func differences(from earlier: JobIdentity) -> [String] {
        Set(fields.keys).union(earlier.fields.keys).sorted().compactMap { name in
            switch (fields[name], earlier.fields[name]) {
            case (let now?, let before?):
                now == before ? nil : "\(name) is \(now) now and was \(before)"
            case (let now?, nil): "\(name) is \(now) now and was not set"
            case (nil, let before?): "\(name) is not set now and was \(before)"
            case (nil, nil): nil
            }
        }
    }
}
