import Diagnostics

/// A shared library's list of the libraries that it needs (64-bit ELF, little-endian).
///
/// Source: System V ABI, chapter 5, "Dynamic Section".
enum ElfLibrary {
    private static let dynamicSegment: UInt32 = 2
    private static let needed: UInt64 = 1
    /// Filled in by the loader for debuggers; without a meaning in a library's file.
    private static let debug: UInt64 = 21
    private static let stringTable: UInt64 = 5

    /// The library without the need of any other but those whose names begin with `keep`: the Swift linker
    /// names its runtime whether it is used or not, and a program must not load that.
    ///
    /// - Throws: `.damaged` when this is no such library.
    static func withoutNeeds(_ file: [UInt8], keep: String) throws -> [UInt8] {
        let segments = try self.segments(file)
        guard let dynamic = segments.first(where: { $0.type == dynamicSegment }) else { return file }
        let entries = stride(from: dynamic.offset, to: dynamic.offset + dynamic.count, by: 16)
        var names = 0
        for entry in entries where try number(file, entry) == stringTable {
            let address = try number(file, entry + 8)
            let holder = segments.first { $0.type == 1 && $0.address <= address && address < $0.end }
            names = holder.map { $0.offset + Int(address - $0.address) } ?? 0
        }
        var changed = file
        for entry in entries where try number(file, entry) == needed {
            let start = names + Int(try number(file, entry + 8))
            guard start < file.count, !file[start...].starts(with: keep.utf8) else { continue }
            for index in 0..<8 { changed[entry + index] = UInt8(truncatingIfNeeded: debug >> (8 * index)) }
        }
        return changed
    }

    private struct Segment {
        var type: UInt32
        var offset: Int
        var address: UInt64
        var count: Int
        var end: UInt64 { address + UInt64(count) }
    }

    private static func segments(_ file: [UInt8]) throws -> [Segment] {
        guard file.count > 64, file.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
            throw LockstepError(.damaged, "the library for paths below /opt/ml is no 64-bit ELF file")
        }
        let (start, size) = (Int(try number(file, 32)), Int(file[54]) | Int(file[55]) << 8)
        return try (0..<(Int(file[56]) | Int(file[57]) << 8)).map { index in
            let header = start + index * size
            return Segment(
                type: UInt32(truncatingIfNeeded: try number(file, header)),
                offset: Int(try number(file, header + 8)), address: try number(file, header + 16),
                count: Int(try number(file, header + 32)))
        }
    }

    private static func number(_ file: [UInt8], _ offset: Int) throws -> UInt64 {
        guard offset >= 0, offset + 8 <= file.count else {
            throw LockstepError(.damaged, "the library for paths below /opt/ml is cut off")
        }
        return file[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
