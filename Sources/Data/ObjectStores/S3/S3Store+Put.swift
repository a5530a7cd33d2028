import Crypto
import Diagnostics
import Foundation
import Storage

extension S3Store {
    @discardableResult
    package func put(
        _ content: ObjectContent, as key: String, if condition: PutCondition
    ) async throws -> String {
        try ObjectKey.check(key, in: location)
        switch content {
        case .bytes(let bytes):
            guard bytes.count > partBytes else { return try await putWhole(bytes, key, condition) }
            return try await S3Upload(self, key: key, condition).run(bytes.count, partBytes) {
                Array(bytes[$0])
            }
        case .file(let path):
            let file = try ContentFile(path)
            guard file.size > partBytes else {
                let bytes = try file.read(0..<file.size)
                try file.requireUnchanged()
                return try await putWhole(bytes, key, condition)
            }
            // A store takes 10,000 parts.
            let part = max(partBytes, ((file.size / 9_000) >> 20 + 1) << 20)
            return try await S3Upload(self, key: key, condition).run(file.size, part) {
                let bytes = try file.read($0)
                try file.requireUnchanged()
                return bytes
            }
        case .stream(let next): return try await putStream(next, key, condition)
        }
    }

    private func putWhole(_ bytes: [UInt8], _ key: String, _ condition: PutCondition) async throws -> String {
        let digest = Checksum.hexadecimal(Array(Insecure.MD5.hash(data: bytes)))
        var request = S3Request(method: "PUT", key: key, body: bytes).withChecksums()
        if condition == .ifNone { request.headers.append(("If-None-Match", "*")) }
        var hasFailed = false
        return try await policy.run {
            do {
                return try require(await client.send(request, "write"), digest, key)
            } catch let error as LockstepError {
                // An attempt of which only the answer was lost stands in its own way.
                if error.code == .conflict, hasFailed, let there = try await head(key),
                    there.version == digest
                {
                    return digest
                }
                hasFailed = true
                throw error
            }
        }
    }

    /// - Returns: the version that an answer to a put tells.
    /// - Throws: `LockstepError(.damaged)` where that shows that the store has other bytes.
    func require(_ answer: S3Answer, _ digest: String, _ key: String) throws -> String {
        guard case .md5(let stored) = Self.digestOfETag(answer), stored != digest else {
            return answer.version
        }
        throw LockstepError(
            .damaged, "\(place(key)) was written, but the store has another MD5 than was sent")
    }

    private func putStream(
        _ next: @escaping @Sendable () async throws -> [UInt8]?, _ key: String, _ condition: PutCondition
    ) async throws -> String {
        var pieces = PartPieces(next)
        guard let first = try await pieces.next(partBytes) else {
            return try await putWhole([], key, condition)
        }
        guard let second = try await pieces.next(partBytes) else {
            return try await putWhole(first, key, condition)
        }
        return try await S3Upload(self, key: key, condition).run([first, second], pieces, partBytes)
    }
}

/// A stream in pieces of a certain size.
struct PartPieces {
    private let source: @Sendable () async throws -> [UInt8]?
    private var rest: [UInt8] = []
    private var isOver = false

    init(_ source: @escaping @Sendable () async throws -> [UInt8]?) { self.source = source }

    /// - Returns: as many bytes, fewer at the end only; `nil` after it.
    mutating func next(_ count: Int) async throws -> [UInt8]? {
        while rest.count < count, !isOver {
            if let piece = try await source() { rest += piece } else { isOver = true }
        }
        guard !rest.isEmpty else { return nil }
        let part = Array(rest.prefix(count))
        rest.removeFirst(part.count)
        return part
    }
}
