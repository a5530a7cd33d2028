import Collectives
import Diagnostics
import Storage

/// The collective part of opening a channel.
struct ChannelOpening {
    let source: ChannelSource
    let communicator: any Communicator
    /// Whether the files' bytes are hashed on the way.
    var takesDigests = false

    /// Rank 0's decision how to read the channel, on every rank. Collective.
    func sharedPlan() throws -> ReadingPlan {
        let answer = communicator.rank == 0 ? Answer.encode { try ReadingPlan(source) } : []
        return try Answer.decode(try communicator.broadcast(bytes: answer, root: 0))
    }

    /// The index of every file: each rank makes those of its share and tells the others. Collective.
    ///
    /// - Throws: the same error on every rank: that of the first file that has one.
    func sharedIndex(_ plan: ReadingPlan) throws -> [FileIndex] {
        let (rank, size) = (communicator.rank, communicator.size)
        var parts: [[UInt8]] = []
        for file in stride(from: rank, to: plan.files.count, by: size) {
            let answer = Answer.encode { try index(plan.files[file], plan: plan) }
            parts.append(answer)
            if Answer.isFailure(answer) { break }
        }
        var encoder = ByteEncoder()
        encoder.put(parts.count)
        for part in parts { encoder.put(part) }
        var decoders = try communicator.allGather(encoder.bytes).map { ByteDecoder($0) }
        var counts = try decoders.indices.map { try decoders[$0].integer() }
        return try plan.files.indices.map { file in
            let owner = file % size
            // A rank stops at its first failure, which is thrown here before its later files are asked for.
            guard counts[owner] > 0 else {
                throw LockstepError(.bug, "rank \(owner) did not report on \(plan.files[file])")
            }
            counts[owner] -= 1
            return try Answer.decode(try decoders[owner].array())
        }
    }

    private func index(_ path: String, plan: ReadingPlan) throws -> FileIndex {
        let reader = try plan.open(path)
        guard takesDigests else { return try Self.index(reader, plan: plan) }
        reader.file.beginDigest()
        var index = try Self.index(reader, plan: plan)
        index.sha256 = try reader.file.digest()
        index.byteCount = reader.file.byteCount
        return index
    }

    private static func index(_ reader: BlockReader, plan: ReadingPlan) throws -> FileIndex {
        switch plan.format {
        case .csv: return try CSVIndexer.index(reader, plan: plan)
        case .libsvm: return try LibsvmCursor.index(reader, plan: plan)
        case .recordIO: return try RecordIOIndexer.index(reader)
        }
    }
}

/// What a rank found, or why it could not, as bytes.
private enum Answer {
    static func encode<Value: ByteCodable>(_ body: () throws -> Value) -> [UInt8] {
        var encoder = ByteEncoder()
        do {
            let value = try body()
            encoder.put(1)
            value.encode(to: &encoder)
        } catch {
            let failure = error as? LockstepError ?? LockstepError(.io, "\(error)")
            encoder = ByteEncoder()
            encoder.put(0)
            encoder.put(failure.code.rawValue)
            encoder.put(failure.description)
        }
        return encoder.bytes
    }

    static func decode<Value: ByteCodable>(_ bytes: [UInt8]) throws -> Value {
        var decoder = ByteDecoder(bytes)
        guard try decoder.integer() == 1 else {
            throw LockstepError(.init(rawValue: try decoder.string()), try decoder.string())
        }
        return try Value(from: &decoder)
    }

    static func isFailure(_ bytes: [UInt8]) -> Bool { bytes.first == 0 }
}
