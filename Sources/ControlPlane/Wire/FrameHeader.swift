package import Diagnostics

/// The eight bytes before every message: what protocol, which framing, how long the body is.
///
/// ```
/// 'L' 'K' 'S' 1 | body length, 32 bits, big endian | body: one protobuf Frame
/// ```
package struct FrameHeader: Sendable, Equatable {
    package static let byteCount = 8
    /// 'L', 'K', 'S' and the version of the framing.
    package static let magic: [UInt8] = [0x4C, 0x4B, 0x53, 1]
    /// Longest body that is sent or accepted. Requests and chunks of lines stay far below it.
    package static let maximumBodyBytes = 16 << 20

    package let bodyBytes: Int

    /// - Throws: `.network` when the body is longer than `maximumBodyBytes`.
    package init(bodyBytes: Int) throws(LockstepError) {
        guard bodyBytes <= Self.maximumBodyBytes else {
            throw LockstepError(
                .network, "a message of \(bodyBytes) bytes is longer than \(Self.maximumBodyBytes)")
        }
        self.bodyBytes = bodyBytes
    }

    /// - Parameter bytes: exactly `byteCount` bytes.
    /// - Throws: `.network` when they are not the start of a frame.
    package init(_ bytes: some Collection<UInt8>) throws(LockstepError) {
        precondition(bytes.count == Self.byteCount, "a frame header has \(Self.byteCount) bytes")
        guard bytes.prefix(3).elementsEqual(Self.magic.prefix(3)) else {
            throw LockstepError(.network, "the peer does not speak Lockstep's control protocol")
        }
        guard bytes.dropFirst(3).first == Self.magic[3] else {
            throw LockstepError(.network, "the peer frames its messages in another version's way")
        }
        let length = bytes.suffix(4).reduce(0) { $0 << 8 | Int($1) }
        try self.init(bodyBytes: length)
    }

    package var bytes: [UInt8] {
        Self.magic + (0..<4).map { UInt8(truncatingIfNeeded: bodyBytes >> (8 * (3 - $0))) }
    }
}
