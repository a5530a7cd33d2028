import Diagnostics

/// Reads records of a RecordIO-protobuf file into a dense or sparse matrix.
final class RecordIOCursor: FileCursor {
    private let frames: RecordFrames
    private let allowsMissing: Bool
    private var decoder = RecordDecoder()
    /// The canonical form of the file's dense records, once one has been seen.
    private var template: DenseRecordTemplate?
    /// Width of the rows to fill, labels of the channel.
    private let width: Int
    private let labelCount: Int

    var nextRecord: Int { frames.recordNumber }

    /// - Parameters:
    ///   - width: features a row of the channel.
    ///   - labelCount: labels a record of the channel: 0 or 1.
    init(_ reader: BlockReader, allowsMissing: Bool, width: Int, labelCount: Int) {
        frames = RecordFrames(reader)
        self.allowsMissing = allowsMissing
        self.width = width
        self.labelCount = labelCount
        template = DenseRecordTemplate(width: width, hasLabel: labelCount == 1)
    }

    func move(to checkpoint: Checkpoint) throws {
        try frames.reader.seek(to: checkpoint.offset)
        frames.recordNumber = checkpoint.record
    }

    func skip(_ count: Int) throws {
        for _ in 0..<count {
            guard try frames.skip() else { throw changed() }
        }
    }

    func readDense(
        _ count: Int, into rows: UnsafeMutablePointer<Float>, labels: UnsafeMutablePointer<Float>?
    ) throws {
        for row in 0..<count {
            let out = UnsafeMutableBufferPointer(start: rows + row * width, count: width)
            let label = try frames.next { try self.readDense($0, into: out) }
            guard let label else { throw changed() }
            labels?[row] = label
        }
    }

    func readSparse(_ count: Int, into rows: SparseRows) throws {
        for _ in 0..<count {
            let isRead: Void? = try frames.next { try self.readSparse($0, into: rows) }
            guard isRead != nil else { throw changed() }
        }
    }

    private func readDense(
        _ payload: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>
    ) throws -> Float {
        var label: Float = 0
        if let template, template.matches(payload), let start = payload.baseAddress {
            UnsafeMutableRawPointer(out.baseAddress)?.copyMemory(
                from: start + template.prefix.count, byteCount: width * 4)
            if template.hasLabel {
                label = start.loadUnaligned(fromByteOffset: payload.count - 4, as: Float.self)
            }
        } else {
            try decode(payload)
            guard decoder.kind != .sparse, decoder.width == width else { throw changed() }
            for index in 0..<width { out[index] = decoder.kind == .zeros ? 0 : decoder.values[index] }
            label = decoder.label ?? 0
        }
        try checkNumbers(UnsafeBufferPointer(out), label: label)
        return label
    }

    private func readSparse(_ payload: UnsafeRawBufferPointer, into rows: SparseRows) throws {
        try decode(payload)
        let label = decoder.label ?? 0
        try decoder.values.withUnsafeBufferPointer { try checkNumbers($0, label: label) }
        for (index, value) in decoder.values.enumerated() {
            if decoder.kind == .sparse {
                rows.addEntry(column: decoder.columns[index], value: value)
            } else if value != 0 {
                rows.addEntry(column: Int32(index), value: value)
            }
        }
        if labelCount == 1 { rows.addLabel(label) }
        rows.endRow()
    }

    private func decode(_ payload: UnsafeRawBufferPointer) throws {
        try decoder.decode(payload, damaged: frames.damaged)
        guard (decoder.label == nil ? 0 : 1) == labelCount, decoder.width <= width else { throw changed() }
    }

    /// NaN is a missing value; infinity and a label that is either are errors.
    @inline(__always)
    private func checkNumbers(_ values: UnsafeBufferPointer<Float>, label: Float) throws {
        // An exponent of all ones marks both; adding one to it carries into the sign's place.
        var carries: UInt32 = 0
        for value in values { carries |= (value.bitPattern & 0x7F80_0000) &+ 0x0080_0000 }
        if carries >> 31 == 0, label.isFinite { return }
        guard label.isFinite else { throw frames.damaged("its label is \(label)") }
        for (index, value) in values.enumerated() where !value.isFinite {
            if value.isNaN, allowsMissing { continue }
            throw frames.damaged("its value \(index + 1) is \(value), no finite number")
        }
    }

    private func changed() -> LockstepError {
        frames.damaged("the file has changed since the channel was opened; run again")
    }
}
