import Diagnostics

/// One pass over a RecordIO-protobuf file: its records, their shape and whether they are sparse.
struct RecordIOIndexer {
    private let frames: RecordFrames
    private var decoder = RecordDecoder()
    private var template: DenseRecordTemplate?
    private var index = FileIndex()
    /// Width of the first dense record, and one of another width.
    private var denseWidth: Int?
    private var oddDense: LockstepError?

    /// - Returns: the index of the file behind `reader`, which is at its beginning.
    /// - Throws: `LockstepError(.data)` naming record and byte offset, for a damaged record.
    static func index(_ reader: BlockReader) throws -> FileIndex {
        var indexer = RecordIOIndexer(frames: RecordFrames(reader))
        return try indexer.run()
    }

    private init(frames: RecordFrames) { self.frames = frames }

    private mutating func run() throws -> FileIndex {
        while true {
            let read: Void? = try frames.next { payload in
                if let template, template.matches(payload) {
                    try note(width: template.width, entries: template.width, hasLabel: template.hasLabel)
                    return
                }
                try decoder.decode(payload, damaged: frames.damaged)
                try noteDecoded()
            }
            if read == nil { break }
        }
        if !index.hasSparse, let oddDense { throw oddDense }
        return index
    }

    private mutating func noteDecoded() throws {
        let (width, hasLabel) = (decoder.width, decoder.label != nil)
        if decoder.kind == .sparse {
            index.hasSparse = true
        } else {
            if let denseWidth, denseWidth != width, oddDense == nil {
                oddDense = frames.damaged("\(width) features found where \(denseWidth) are expected")
            }
            denseWidth = denseWidth ?? width
        }
        if decoder.kind == .dense {
            index.hasDense = true
            if template == nil { template = DenseRecordTemplate(width: width, hasLabel: hasLabel) }
        }
        try note(width: width, entries: decoder.values.count, hasLabel: hasLabel)
    }

    private mutating func note(width: Int, entries: Int, hasLabel: Bool) throws {
        if index.recordCount == 0 { index.labelCount = hasLabel ? 1 : 0 }
        guard index.labelCount == (hasLabel ? 1 : 0) else {
            throw frames.damaged(
                hasLabel ? "it has a label, the first record has none" : "it has no label, the first has one")
        }
        index.addRecord(offset: frames.recordOffset, line: 0)
        index.entryCount += entries
        if width > index.width {
            index.width = width
            index.widthPlace = frames.recordNumber
        }
    }
}
