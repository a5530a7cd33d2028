import CZlib
import Diagnostics

/// Decompresses a gzip stream piece by piece, members one after the other.
///
/// Zeros after the last member are padding and are skipped, as gzip(1) does; other bytes are an error.
package final class GzipReader {
    private let path: String
    /// On the heap, because zlib keeps the address of the stream it was set up with.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private let refill: (UnsafeMutableRawBufferPointer) throws -> Int
    private var compressedCount = 0
    private var isBetweenMembers = false
    private var isFinished = false

    /// - Parameters:
    ///   - path: named in errors.
    ///   - refill: reads the next compressed bytes into a buffer; 0 at the end.
    package init(path: String, refill: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        self.path = path
        self.refill = refill
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: 1 << 17, alignment: 16)
        // 15: the largest window; + 16: a gzip header and trailer, with their checksum.
        let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw LockstepError(.io, "zlib cannot be set up to read \(path) (status \(status))")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills `buffer` as far as the stream goes.
    ///
    /// - Returns: the bytes written; fewer than asked for at the end only, 0 after it.
    /// - Throws: `LockstepError(.data)` when the stream is damaged or cut short.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var written = 0
        while written < buffer.count, !isFinished {
            if stream.pointee.avail_in == 0, try !readInput() { break }
            if isBetweenMembers, try !startMember() { continue }
            let room = UInt32(clamping: buffer.count - written)
            stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
                .advanced(by: written)
            stream.pointee.avail_out = room
            let status = inflate(stream, Z_NO_FLUSH)
            written += Int(room - stream.pointee.avail_out)
            switch status {
            case Z_STREAM_END: isBetweenMembers = true
            case Z_OK, Z_BUF_ERROR: break
            default: throw damaged()
            }
        }
        return written
    }

    private func readInput() throws -> Bool {
        let count = try refill(input)
        guard count > 0 else {
            isFinished = true
            guard isBetweenMembers else {
                throw LockstepError(
                    .data,
                    "\(path) is cut short: its gzip stream has no end after \(compressedCount) bytes; "
                        + "copy the file again")
            }
            return false
        }
        compressedCount += count
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
        return true
    }

    /// Skips padding; `false` when the input ran out before a next member was seen.
    private func startMember() throws -> Bool {
        while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
            stream.pointee.next_in += 1
            stream.pointee.avail_in -= 1
        }
        guard stream.pointee.avail_in > 0 else { return false }
        guard stream.pointee.next_in.pointee == 0x1F else {
            let offset = compressedCount - Int(stream.pointee.avail_in)
            throw LockstepError(.data, "\(path) has bytes after its gzip stream, from byte \(offset)")
        }
        inflateReset(stream)
        isBetweenMembers = false
        return true
    }

    private func damaged() -> LockstepError {
        let offset = compressedCount - Int(stream.pointee.avail_in)
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "not a gzip stream"
        return LockstepError(
            .data, "\(path) is damaged near compressed byte \(offset): \(reason); copy the file again")
    }
}
