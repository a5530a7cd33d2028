import Crypto
import Diagnostics
import Foundation
import Storage

/// An upload in parts, several at a time. The object is there when the last call has come back; what is not
/// completed is taken back.
struct S3Upload {
    private let store: S3Store
    private let key: String
    private let condition: PutCondition

    /// A part that the store has: its MD5, which is its ETag too, and its CRC-32.
    private struct Part: Sendable {
        var number: Int
        var etag: String
        var md5: [UInt8]
        var crc: UInt32
    }

    init(_ store: S3Store, key: String, _ condition: PutCondition) {
        self.store = store
        self.key = key
        self.condition = condition
    }

    /// Sends so many bytes.
    ///
    /// - Parameter read: gives a part's bytes; called from several tasks.
    func run(
        _ size: Int, _ partBytes: Int, _ read: @escaping @Sendable (Range<Int>) throws -> [UInt8]
    ) async throws -> String {
        try await whole { upload in
            try await withThrowingTaskGroup(of: Part.self) { group in
                var parts: [Part] = []
                for (index, start) in stride(from: 0, to: size, by: partBytes).enumerated() {
                    if index >= store.parallel, let part = try await group.next() { parts.append(part) }
                    let range = start..<min(start + partBytes, size)
                    group.addTask { try await send(read(range), index + 1, upload) }
                }
                for try await part in group { parts.append(part) }
                return parts
            }
        }
    }

    /// Sends what comes, in parts that grow with their number, since a store takes 10,000.
    func run(_ first: [[UInt8]], _ pieces: PartPieces, _ partBytes: Int) async throws -> String {
        try await whole { upload in
            try await withThrowingTaskGroup(of: Part.self) { group in
                var (pieces, parts) = (pieces, [Part]())
                var (number, waiting) = (0, first)
                while true {
                    let size = partBytes << (number / 1000)
                    let next = waiting.isEmpty ? try await pieces.next(size) : waiting.removeFirst()
                    guard let next else { break }
                    if number >= store.parallel, let part = try await group.next() { parts.append(part) }
                    number += 1
                    let own = number
                    group.addTask { try await send(next, own, upload) }
                }
                for try await part in group { parts.append(part) }
                return parts
            }
        }
    }

    private func whole(_ send: (String) async throws -> [Part]) async throws -> String {
        // Not to be cancelled: an upload whose number is lost could not be taken back.
        let upload = try await Task.detached { [self] in try await begin() }.value
        do {
            try Task.checkCancellation()
            let parts = try await send(upload).sorted { $0.number < $1.number }
            return try await complete(parts, upload)
        } catch {
            // Also when this task is cancelled.
            await Task.detached { [store, key] in await Self.abort(store, key, upload) }.value
            throw error
        }
    }

    private func begin() async throws -> String {
        let request = S3Request(
            method: "POST", key: key, query: [("uploads", nil)],
            headers: [("x-amz-checksum-algorithm", "CRC32")])
        return try await store.policy.run {
            let answer = try await store.client.send(request, "begin to write")
            guard let id = XMLElement(answer.body)?.text("UploadId"), !id.isEmpty else {
                throw LockstepError(.network, "\(store.place(key)): the store's answer has no UploadId")
            }
            return id
        }
    }

    private func send(_ bytes: [UInt8], _ number: Int, _ upload: String) async throws -> Part {
        let md5 = Array(Insecure.MD5.hash(data: bytes))
        let request = S3Request(
            method: "PUT", key: key, query: [("partNumber", "\(number)"), ("uploadId", upload)], body: bytes
        ).withChecksums()
        return try await store.policy.run {
            let answer = try await store.client.send(request, "write a part of")
            let etag = try store.require(answer, Checksum.hexadecimal(md5), key)
            return Part(number: number, etag: etag, md5: md5, crc: CRC32.of(bytes))
        }
    }

    private func complete(_ parts: [Part], _ upload: String) async throws -> String {
        let list = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\"\(part.etag)\"</ETag>"
                + "<ChecksumCRC32>\(S3Request.base64(part.crc))</ChecksumCRC32></Part>"
        }
        let body = "<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>"
        var request = S3Request(
            method: "POST", key: key, query: [("uploadId", upload)], body: Array(body.utf8))
        if condition == .ifNone { request.headers.append(("If-None-Match", "*")) }
        let digest =
            Checksum.hexadecimal(Array(Insecure.MD5.hash(data: parts.flatMap(\.md5)))) + "-\(parts.count)"
        var hasFailed = false
        return try await store.policy.run {
            do {
                let answer = try await store.client.send(request, "complete")
                return XMLElement(answer.body)?.text("ETag")?.filter { $0 != "\"" } ?? digest
            } catch let error as LockstepError {
                // An attempt of which only the answer was lost has used the upload up.
                if hasFailed, [.notFound, .conflict].contains(error.code),
                    let there = try await store.head(key), there.version == digest
                {
                    return digest
                }
                hasFailed = true
                throw error
            }
        }
    }

    private static func abort(_ store: S3Store, _ key: String, _ upload: String) async {
        let request = S3Request(method: "DELETE", key: key, query: [("uploadId", upload)])
        // What cannot be taken back costs room only; the failure before it is the one to report.
        _ = try? await store.policy.run {
            try await store.client.send(request, "take back", expecting: [404])
        }
    }
}
