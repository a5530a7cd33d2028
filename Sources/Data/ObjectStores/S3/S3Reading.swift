import Diagnostics
import Foundation

/// One GET, over as many requests as it takes.
struct S3Reading {
    private let store: S3Store
    private let key: String
    private let range: Range<Int>?
    private var version: String?
    /// Bytes that the reader has.
    private(set) var taken = 0
    private var info: ObjectInfo?
    private var check: DigestCheck?

    init(_ store: S3Store, key: String, range: Range<Int>?, version: String?) {
        self.store = store
        self.key = key
        self.range = range
        self.version = version
    }

    /// Reads from where the last call stopped to the end.
    ///
    /// - Returns: `nil` where the range begins at or behind the object's end.
    mutating func go(_ take: ([UInt8]) async throws -> Void) async throws -> ObjectInfo? {
        var reading = self
        defer { self = reading }
        var expected = 0
        var received = 0
        let isWhole = range == nil && taken == 0
        let answer: S3Answer?
        do {
            answer = try await store.client.stream(request(isWhole: isWhole)) { answer in
                expected = try reading.begin(answer, isWhole: isWhole)
            } _: { piece in
                received += piece.count
                guard received <= expected else { throw reading.cut("more") }
                reading.check?.update(piece)
                try await take(piece)
                reading.taken += piece.count
            }
        } catch let error as LockstepError where error.code == .conflict {
            throw store.changed(key)
        }
        guard answer != nil else { return nil }
        guard received == expected else { throw reading.cut("fewer") }
        guard let info = reading.info else { return nil }
        if let digest = info.digest, var check = reading.check, !check.holds() {
            throw LockstepError(
                .damaged, "\(store.place(key)) arrived with another \(digest.name) than it was stored with")
        }
        return info
    }

    private func cut(_ word: String) -> LockstepError {
        LockstepError(.network, "\(store.place(key)) came with \(word) bytes than the store announced")
    }

    private func request(isWhole: Bool) -> S3Request {
        var headers: [(name: String, value: String)] = []
        if isWhole {
            headers.append(("x-amz-checksum-mode", "ENABLED"))
        } else {
            let start = (range?.lowerBound ?? 0) + taken
            headers.append(("Range", "bytes=\(start)-" + (range.map { "\($0.upperBound - 1)" } ?? "")))
        }
        if let version { headers.append(("If-Match", "\"\(version)\"")) }
        return S3Request(method: "GET", key: key, headers: headers)
    }

    /// Looks at an answer before its body.
    ///
    /// - Returns: bytes that the body has to have.
    private mutating func begin(_ answer: S3Answer, isWhole: Bool) throws -> Int {
        let length = answer.header("Content-Length").flatMap { Int($0) }
        guard let length else { throw cut("other") }
        var size = length
        if !isWhole {
            let start = (range?.lowerBound ?? 0) + taken
            // `bytes 0-9/443`
            let words = (answer.header("Content-Range") ?? "").split { " -/".contains($0) }
            guard answer.status == 206, words.count == 4, Int(words[1]) == start, let total = Int(words[3])
            else {
                throw LockstepError(
                    .network, "\(store.place(key)): the store's answer is not the part that was asked for")
            }
            size = total
            guard length == min(range?.upperBound ?? total, total) - start else { throw cut("other") }
        }
        let found = try store.info(key, answer, size: size)
        if let version, version != found.version { throw store.changed(key) }
        version = found.version
        if isWhole {
            info = found
            check = found.digest.map { DigestCheck($0) }
        } else if info == nil {
            info = found
            info?.digest = nil
        }
        return length
    }
}
