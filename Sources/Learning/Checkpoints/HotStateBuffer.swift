import Diagnostics
import Foundation
import Glibc
import Storage
import Synchronization
import Tensors

/// One buffer of a hot state: a mapped file with a header, a table of tensors and their bytes.
///
/// ```
/// 0    magic LOCKHOT1        56   bytes of the table
/// 8    version               64   bytes of the tensors
/// 16   1 when complete       72   chain digest, 32 bytes
/// 24   steps done            104  digest of the job's identity, 32 bytes
/// 32   records used          136  hash of bytes 0..<16 and 24..<136
/// 40   state hash            4096 table, then tensors from the next multiple of 64
/// 48   ranks
/// ```
/// All numbers are little-endian 64-bit words. The flag is taken away before anything is written and
/// set after all is, so a writer that dies in between leaves a buffer that nobody takes for whole; and
/// who reads computes the state hash again. What is mapped outlives the process, not the machine.
///
/// `@unchecked Sendable`: touched by one thread at a time, which `HotStateHolder` sees to.
final class HotStateBuffer: @unchecked Sendable {
    let path: String
    private let descriptor: Int32
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    private static let magic = Words.decode([UInt8]("LOCKHOT1".utf8)[...])[0]
    private static let version: UInt64 = 1
    private static let flagOffset = 16
    private static let checkOffset = 136
    static let headerByteCount = 4096

    /// Opens or creates the file and maps what it has.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw LockstepError.system("look at", path) }
        if status.st_size >= Self.headerByteCount { try map(Int(status.st_size)) }
    }

    deinit {
        unmap()
        close(descriptor)
    }

    /// Bytes that the buffer takes of the node's memory.
    var byteCount: Int { memory.count }

    /// What a whole header says.
    struct Header: Equatable {
        var commit: CommitRecord
        var digest: ChainDigest
        var identity: [UInt8]
        var tableByteCount: Int
        var dataByteCount: Int
    }

    /// The header, if the buffer is complete.
    var header: Header? {
        guard memory.count >= Self.headerByteCount, flag(load: ()) == 1 else { return nil }
        let bytes = [UInt8](memory[..<(Self.checkOffset + 8)])
        let words = Words.decode(bytes[...])
        guard words[0] == Self.magic, words[1] == Self.version, words[17] == Self.check(bytes),
            let step = Int(exactly: words[3]), let samples = Int(exactly: words[4]),
            let world = Int(exactly: words[6]), let table = Int(exactly: words[7]),
            let data = Int(exactly: words[8])
        else { return nil }
        return Header(
            commit: CommitRecord(step: step, samples: samples, stateHash: words[5], world: world),
            digest: ChainDigest(bytes: [UInt8](bytes[72..<104])), identity: [UInt8](bytes[104..<136]),
            tableByteCount: table, dataByteCount: data)
    }

    /// The state in the buffer, if it is whole and belongs to the job of that identity.
    /// - Complexity: copies the state and hashes it.
    func read(identity: [UInt8]) -> Checkpoint? {
        guard let header, header.identity == identity else { return nil }
        let room = memory.count - Self.headerByteCount
        guard header.tableByteCount <= room, header.dataByteCount <= room else { return nil }
        let start = Self.dataOffset(tableByteCount: header.tableByteCount)
        guard start <= memory.count - header.dataByteCount else { return nil }
        let tableEnd = Self.headerByteCount + header.tableByteCount
        let encoded = [UInt8](memory[Self.headerByteCount..<tableEnd])
        guard let table = TensorTable(decoding: encoded, limit: header.dataByteCount) else { return nil }
        var state = NamedTensors()
        for entry in table.entries {
            let first = start + entry.offset
            state[entry.name] = Tensor(
                elementType: entry.elementType, shape: entry.shape,
                bytes: [UInt8](memory[first..<first + entry.byteCount]))
        }
        guard state.stateHash == header.commit.stateHash else { return nil }
        return Checkpoint(commit: header.commit, digest: header.digest, state: state)
    }

    /// Nobody takes the buffer for whole from here on.
    func invalidate() {
        guard memory.count >= Self.headerByteCount else { return }
        flag(store: 0)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// Makes room for a state of that form.
    ///
    /// The memory is taken now: a mapped file without room behind it would end the process later.
    /// - Throws: `LockstepError(.io)` when the node's shared memory is too small.
    func reserve(_ table: TensorTable) throws {
        let needed = Self.dataOffset(tableByteCount: table.encoded.count) + table.byteCount
        guard needed > memory.count else { return }
        let size = (needed + 4095) / 4096 * 4096
        var status = EINTR
        while status == EINTR { status = posix_fallocate(descriptor, 0, off_t(size)) }
        guard status == 0 else {
            errno = status
            throw LockstepError.system("take \(size) bytes of shared memory for", path)
        }
        unmap()
        try map(size)
    }

    /// Writes all but the flag.
    func fill(_ checkpoint: Checkpoint, identity: [UInt8]) throws {
        invalidate()
        let table = TensorTable(checkpoint.state)
        try reserve(table)
        let encoded = table.encoded
        put(encoded, at: Self.headerByteCount)
        let start = Self.dataOffset(tableByteCount: encoded.count)
        for entry in table.entries {
            guard let tensor = checkpoint.state[entry.name] else { continue }
            put(tensor.bytes, at: start + entry.offset)
        }
        let commit = checkpoint.commit
        var header = Words.encode([
            Self.magic, Self.version, 0, UInt64(commit.step), UInt64(commit.samples), commit.stateHash,
            UInt64(commit.world), UInt64(encoded.count), UInt64(table.byteCount),
        ])
        header += checkpoint.digest.bytes + identity
        put([UInt8](header[..<Self.flagOffset]), at: 0)
        put([UInt8](header[(Self.flagOffset + 8)...]), at: Self.flagOffset + 8)
        put(Words.encode([Self.check(header)]), at: Self.checkOffset)
    }

    /// Declares what `fill` wrote to be whole.
    func publish() { flag(store: 1) }

    private static func dataOffset(tableByteCount: Int) -> Int {
        headerByteCount + (tableByteCount + 63) / 64 * 64
    }

    /// Hash over the header but the flag and this hash itself.
    private static func check(_ header: [UInt8]) -> UInt64 {
        var hasher = StateHasher()
        header[..<flagOffset].withUnsafeBytes { hasher.feed($0) }
        header[(flagOffset + 8)..<checkOffset].withUnsafeBytes { hasher.feed($0) }
        return hasher.value
    }

    private func put(_ bytes: [UInt8], at offset: Int) {
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + source.count])
                .copyMemory(from: source)
        }
    }

    private func flag(load: Void) -> UInt64 {
        withFlag { UInt64(littleEndian: $0.pointee.load(ordering: .acquiring)) } ?? 0
    }

    private func flag(store value: UInt64) {
        _ = withFlag { $0.pointee.store(value.littleEndian, ordering: .releasing) }
    }

    private func withFlag<Result>(_ body: (UnsafeMutablePointer<Atomic<UInt64>>) -> Result) -> Result? {
        guard let base = memory.baseAddress else { return nil }
        return (base + Self.flagOffset).withMemoryRebound(to: Atomic<UInt64>.self, capacity: 1, body)
    }

    private func map(_ size: Int) throws {
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw LockstepError.system("map", path) }
        memory = UnsafeMutableRawBufferPointer(start: address, count: size)
    }

    private func unmap() {
        if let base = memory.baseAddress { munmap(base, memory.count) }
        memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
}
