import Crypto
import Storage

/// One committed step: what the job's state was after it.
public struct CommitRecord: Sendable, Equatable {
    /// Steps done; 0 is the state before the first step.
    public let step: Int
    /// Records used so far.
    public let samples: Int
    /// `NamedTensors.stateHash` of the state.
    public let stateHash: UInt64
    /// Ranks that took the step. Told for information: it is no part of the chain's digest.
    public let world: Int

    public init(step: Int, samples: Int, stateHash: UInt64, world: Int) {
        self.step = step
        self.samples = samples
        self.stateHash = stateHash
        self.world = world
    }

    /// Bytes of an encoded record.
    package static let byteCount = 32

    /// Step, samples, hash and world, each as a little-endian 64-bit word.
    package var encoded: [UInt8] {
        Words.encode([UInt64(step), UInt64(samples), stateHash, UInt64(world)])
    }

    package init?(decoding bytes: ArraySlice<UInt8>) {
        let words = Words.decode(bytes)
        guard words.count == 4, let step = Int(exactly: words[0]), let samples = Int(exactly: words[1]),
            let world = Int(exactly: words[3])
        else { return nil }
        self.init(step: step, samples: samples, stateHash: words[2], world: world)
    }
}

/// The running digest of a job's commits: SHA-256 over the digest before and (step, samples, state
/// hash). The world is left out, so jobs that ran on different numbers of ranks have equal digests.
public struct ChainDigest: Sendable, Equatable {
    /// 32 bytes.
    package private(set) var bytes: [UInt8]

    /// The digest before the first commit.
    public init() { bytes = [UInt8](SHA256.hash(data: [UInt8]("lockstep chain 1".utf8))) }

    package init(bytes: [UInt8]) {
        precondition(bytes.count == 32, "a chain digest has 32 bytes, not \(bytes.count)")
        self.bytes = bytes
    }

    /// Reads 64 hex digits.
    init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        bytes = (0..<32).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
    }

    /// Takes one more commit in.
    public mutating func advance(by record: CommitRecord) {
        let words = Words.encode([UInt64(record.step), UInt64(record.samples), record.stateHash])
        bytes = [UInt8](SHA256.hash(data: bytes + words))
    }

    /// 64 hex digits.
    public var hexadecimal: String { Checksum.hexadecimal(bytes) }
}

/// Little-endian 64-bit words.
enum Words {
    static func encode(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
    }

    static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt64] {
        stride(from: bytes.startIndex, to: bytes.endIndex - bytes.count % 8, by: 8).map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        }
    }
}
