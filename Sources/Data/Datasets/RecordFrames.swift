import Diagnostics
import Storage

/// The frames of a RecordIO file: payloads one by one, parts of a split record joined.
///
/// A frame is the magic word, a word with a continuation flag in bits 31–29 and the length below, the
/// payload, and zeros up to a multiple of four bytes. A record whose payload holds the magic may have
/// been written in parts, with the magic between them left out.
final class RecordFrames {
    static let magic: UInt32 = 0xCED7_230A
    static let headerSize = 8
    static let largestPayload = 1 << 29 - 1

    private enum Flag: UInt32 { case whole, first, middle, last }

    let reader: BlockReader
    var path: String { reader.file.path }
    /// Records begun so far: the number, from 1, of the one read last.
    var recordNumber = 0
    /// Where in the file the record read last begins.
    private(set) var recordOffset = 0
    private var joined: [UInt8] = []

    init(_ reader: BlockReader) { self.reader = reader }

    /// Calls `body` with the next payload; the bytes are valid inside it only.
    ///
    /// - Returns: `nil` at the end of the file.
    /// - Throws: `LockstepError(.data)` naming record and byte offset.
    @inline(__always)
    func next<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result? {
        recordOffset = reader.offset
        recordNumber += 1
        guard let (flag, payload) = try frame() else { return nil }
        if flag == .whole { return try body(payload) }
        try join(flag, payload)
        return try joined.withUnsafeBytes { try body($0) }
    }

    /// Passes over the next record; `false` at the end of the file.
    func skip() throws -> Bool { try next { _ in true } ?? false }

    private func join(_ flag: Flag, _ payload: UnsafeRawBufferPointer) throws {
        guard flag == .first else { throw damaged("a later part of a record stands without the first") }
        joined.removeAll(keepingCapacity: true)
        joined.append(contentsOf: payload)
        while true {
            guard let (flag, payload) = try frame() else {
                throw damaged("the file ends between the parts of a record")
            }
            guard flag == .middle || flag == .last else {
                throw damaged("a record begins before the last part of this one")
            }
            withUnsafeBytes(of: Self.magic.littleEndian) { joined.append(contentsOf: $0) }
            try reader.checkLength(joined.count + payload.count)
            joined.append(contentsOf: payload)
            if flag == .last { return }
        }
    }

    private func frame() throws -> (Flag, UnsafeRawBufferPointer)? {
        guard try reader.require(Self.headerSize) else {
            if reader.unreadCount == 0 { return nil }
            throw damaged("the file ends within the header of a frame, at byte \(reader.offset)")
        }
        let header = UnsafeRawPointer(reader.base + reader.start)
        let magic = UInt32(littleEndian: header.loadUnaligned(as: UInt32.self))
        let word = UInt32(littleEndian: header.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard magic == Self.magic else {
            throw damaged(
                "no frame at byte \(reader.offset), where its magic number belongs"
                    + (recordOffset == 0 ? "; the file is no RecordIO, as its channel's format says" : ""))
        }
        guard let flag = Flag(rawValue: word >> 29) else {
            throw damaged("a frame has the unknown continuation flag \(word >> 29)")
        }
        let length = Int(word & 0x1FFF_FFFF)
        let size = Self.headerSize + (length + 3) & ~3
        // Looked at first, so that a wrong length does not make the window grow to half a GiB.
        let isShort = !reader.file.isGzip && reader.offset + size > reader.file.byteCount
        guard !isShort else { throw damaged("a frame of \(length) bytes goes beyond the end of the file") }
        try reader.checkLength(length)
        guard try reader.require(size) else {
            throw damaged("a frame of \(length) bytes goes beyond the end of the file")
        }
        let payload = UnsafeRawBufferPointer(
            start: reader.base + reader.start + Self.headerSize, count: length)
        reader.start += size
        return (flag, payload)
    }

    /// An error in the record read last.
    func damaged(_ what: String) -> LockstepError {
        LockstepError(.data, "\(path), record \(recordNumber) (byte \(recordOffset)): \(what)")
    }
}
