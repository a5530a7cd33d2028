import Diagnostics
import Storage
package import Tensors

/// Records of an IDX file (the format of MNIST), plain or gzip.
///
/// Two zero bytes, the element type, the number of dimensions, their sizes as big-endian 32-bit words, then
/// the elements, big-endian. The first dimension counts records; the others make up a row.
package final class IDXSource: RecordSource {
    package let recordCount: Int
    package let featureCount: Int
    package let isSparse = false
    package let labelCount = 0
    package let remarks: [String] = []
    package let path: String
    private let type: ElementKind
    private let dataOffset: Int
    private let file: InputFile

    private enum ElementKind: UInt8 {
        case uint8 = 0x08
        case int8 = 0x09
        case int16 = 0x0B
        case int32 = 0x0C
        case float32 = 0x0D
        case float64 = 0x0E

        var byteCount: Int {
            switch self {
            case .uint8, .int8: 1
            case .int16: 2
            case .int32, .float32: 4
            case .float64: 8
            }
        }
    }

    /// Whether a file begins as IDX does.
    package static func recognizes(_ path: String) throws -> Bool {
        var head = [UInt8](repeating: 0xFF, count: 4)
        let count = try head.withUnsafeMutableBytes { try InputFile(path: path).read(into: $0) }
        return count == 4 && head[0] == 0 && head[1] == 0 && ElementKind(rawValue: head[2]) != nil
            && (1...8).contains(head[3])
    }

    /// - Parameter recordLimit: bytes of the longest record that is read; `nil`: what memory allows.
    /// - Throws: `LockstepError(.data)` when the file is not IDX, or not as long as its header says.
    package init(path: String, recordLimit: Int? = nil) throws {
        self.path = path
        let file = try InputFile(path: path)
        self.file = file
        var head = [UInt8](repeating: 0, count: 4)
        let count = try head.withUnsafeMutableBytes { try file.read(into: $0) }
        guard count == 4, head[0] == 0, head[1] == 0, let type = ElementKind(rawValue: head[2]), head[3] > 0
        else { throw LockstepError(.data, "\(path) is no IDX file: its first bytes are wrong") }
        self.type = type
        var sizes = [UInt32](repeating: 0, count: Int(head[3]))
        let sizeBytes = sizes.count * 4
        guard try sizes.withUnsafeMutableBytes({ try file.read(into: $0) }) == sizeBytes else {
            throw LockstepError(.data, "\(path) ends within its header")
        }
        var width = 1
        for size in sizes.dropFirst() {
            let (product, overflow) = width.multipliedReportingOverflow(by: Int(UInt32(bigEndian: size)))
            guard !overflow, product <= Int(Int32.max) else {
                throw LockstepError(.data, "\(path): the dimensions in its header are too large")
            }
            width = product
        }
        recordCount = Int(UInt32(bigEndian: sizes[0]))
        featureCount = width
        dataOffset = 4 + sizeBytes
        guard recordCount > 0, width > 0 else { throw LockstepError(.data, "\(path) holds no records") }
        try checkSizes(recordLimit: recordLimit)
    }

    /// Before anything is allocated by the header's word.
    private func checkSizes(recordLimit: Int?) throws {
        let rowBytes = featureCount * type.byteCount
        let (all, overflows) = recordCount.multipliedReportingOverflow(by: rowBytes)
        guard !overflows, file.isGzip || all <= file.byteCount - dataOffset else {
            throw LockstepError(
                .data,
                "\(path): its header promises \(recordCount) records of \(rowBytes) bytes, and "
                    + "\(file.byteCount - dataOffset) bytes follow")
        }
        let what = "\(path): its header has records of \(featureCount) numbers, \(rowBytes) bytes"
        if let recordLimit, rowBytes > recordLimit {
            throw LockstepError(.data, "\(what), too long to be looked at (at most \(recordLimit) bytes)")
        }
        try AvailableMemory.require(rowBytes * 3, for: "\(what); reading one")
    }

    package func entryBound(_ range: Range<Int>) -> Int {
        range.count.multipliedReportingOverflow(by: featureCount).partialValue
    }

    /// Not to be called by two threads at once.
    package func load(_ range: Range<Int>) throws -> Records {
        let rowBytes = featureCount * type.byteCount
        var bytes = [UInt8](repeating: 0, count: range.count * rowBytes)
        try file.seek(to: dataOffset + range.lowerBound * rowBytes)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
        guard count == bytes.count else {
            throw LockstepError(
                .data,
                "\(path) ends within record \(range.lowerBound + count / rowBytes + 1) of \(recordCount)")
        }
        let values = bytes.withUnsafeBytes { convert($0) }
        return Records(
            features: .dense(DenseMatrix(rows: range.count, columns: featureCount, values: values)),
            labels: [])
    }

    private func convert(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        let count = bytes.count / type.byteCount
        func at<T: FixedWidthInteger>(_ index: Int, _ type: T.Type) -> T {
            T(bigEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: type))
        }
        switch type {
        case .uint8: return bytes.map { Float($0) }
        case .int8: return bytes.map { Float(Int8(bitPattern: $0)) }
        case .int16: return (0..<count).map { Float(at($0, Int16.self)) }
        case .int32: return (0..<count).map { Float(at($0, Int32.self)) }
        case .float32: return (0..<count).map { Float(bitPattern: at($0, UInt32.self)) }
        case .float64: return (0..<count).map { Float(Double(bitPattern: at($0, UInt64.self))) }
        }
    }
}
