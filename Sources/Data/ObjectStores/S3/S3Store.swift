package import AsyncHTTPClient
import Diagnostics
import Foundation
import NIOCore
import NIOHTTP1
import Storage

/// The objects of a bucket of S3, or of a server that speaks its protocol.
///
/// What is larger than a part travels in several at a time, each checked by MD5 and CRC-32 on both ends.
/// Calls that fail on the way are made again (`RetryPolicy`); a read that is cut goes on where it stopped, of
/// the same version. An upload that is not completed is taken back.
package struct S3Store: ObjectStore {
    let client: S3Client
    let policy: RetryPolicy
    /// Bytes of a part, from 5 MiB on except for the last one.
    let partBytes: Int
    /// Parts that are on their way at a time.
    let parallel: Int

    package static let smallestPartBytes = 5 << 20

    package init(
        _ settings: S3Settings, bucket: String, http: HTTPClient, policy: RetryPolicy = RetryPolicy(),
        partBytes: Int = 8 << 20, parallel: Int = 4
    ) {
        client = S3Client(settings, bucket: bucket, http: http)
        self.policy = policy
        self.partBytes = max(Self.smallestPartBytes, partBytes)
        self.parallel = parallel
    }

    /// Opens what reaches S3, gives it to `body` and closes its connections.
    ///
    /// - Parameter idleSeconds: how long a connection may be silent.
    package static func withHTTP<Result>(
        idleSeconds: Double = 30, _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.timeout.read = .milliseconds(Int64(idleSeconds * 1000))
        configuration.timeout.write = .milliseconds(Int64(idleSeconds * 1000))
        configuration.redirectConfiguration = .disallow
        // The policy decides when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result
        do {
            result = try await body(http)
        } catch {
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
        return result
    }

    package var location: String { client.place(nil) }

    package func head(_ key: String) async throws -> ObjectInfo? {
        try ObjectKey.check(key, in: location)
        let headers = [("x-amz-checksum-mode", "ENABLED")]
        let answer = try await policy.run {
            try await client.send(
                S3Request(method: "HEAD", key: key, headers: headers), "look at", expecting: [404])
        }
        guard answer.status != 404 else { return nil }
        var info = try info(key, answer, size: Int(answer.header("Content-Length") ?? ""))
        if info.digest == nil, let parts = info.version.split(separator: "-").last.flatMap({ Int($0) }) {
            info.digest = try await digestOfParts(info, parts)
        }
        return info
    }

    /// What an object of several parts must give; `nil` where it cannot be told how large they are.
    private func digestOfParts(_ info: ObjectInfo, _ parts: Int) async throws -> ObjectDigest? {
        let text = String(info.version.prefix { $0 != "-" })
        guard text.utf8.count == 32 else { return nil }
        let request = S3Request(
            method: "HEAD", key: info.key, query: [("partNumber", "1")],
            headers: [("If-Match", "\"\(info.version)\"")])
        let answer = try await policy.run {
            try await client.send(request, "look at", expecting: [400, 404, 412, 416, 501])
        }
        guard answer.status == 206 || answer.status == 200,
            let first = answer.header("Content-Length").flatMap({ Int($0) }), first > 0,
            (info.size + first - 1) / first == parts
        else { return nil }
        return .md5OfParts(text, partBytes: first)
    }

    @discardableResult
    package func get(
        _ key: String, range: Range<Int>?, version: String?, _ take: ([UInt8]) async throws -> Void
    ) async throws -> ObjectInfo {
        try ObjectKey.check(key, in: location)
        if let range, range.isEmpty { return try await existing(key, version) }
        var reading = S3Reading(self, key: key, range: range, version: version)
        var failures = 0
        while true {
            let before = reading.taken
            do {
                if let info = try await reading.go(take) { return info }
                return try await existing(key, version)
            } catch {
                // Whoever got on starts counting anew.
                failures = reading.taken > before ? 1 : failures + 1
                let isWrong = (error as? LockstepError)?.code == .damaged
                guard !isWrong, policy.isWorthAnother(error, after: failures) else {
                    throw RetryPolicy.counted(error, failures)
                }
            }
            try await policy.sleep(policy.pause(after: failures))
        }
    }

    private func existing(_ key: String, _ version: String?) async throws -> ObjectInfo {
        guard let info = try await head(key) else {
            throw LockstepError(.notFound, "there is no object \(place(key))")
        }
        guard version == nil || version == info.version else { throw changed(key) }
        return info
    }

    func changed(_ key: String) -> LockstepError {
        LockstepError(.conflict, "\(place(key)) is another one than before: somebody has put a new one")
    }

    package func delete(_ key: String) async throws {
        try ObjectKey.check(key, in: location)
        _ = try await policy.run {
            try await client.send(S3Request(method: "DELETE", key: key), "delete", expecting: [404])
        }
    }

    package func copy(_ key: String, to target: String) async throws {
        try ObjectKey.check(key, in: location)
        try ObjectKey.check(target, in: location)
        let source = "/" + client.bucket + "/" + S3Request.encoded(key, keepsSlash: true)
        _ = try await policy.run {
            try await client.send(
                S3Request(method: "PUT", key: target, headers: [("x-amz-copy-source", source)]),
                "copy \(place(key)) to")
        }
    }

    /// What the headers of a GET or HEAD say.
    func info(_ key: String, _ answer: S3Answer, size: Int?) throws -> ObjectInfo {
        guard let size, !answer.version.isEmpty else {
            throw LockstepError(
                .network, "\(place(key)): the store's answer has no Content-Length or no ETag")
        }
        return ObjectInfo(
            key: key, size: size, version: answer.version,
            modified: answer.header("Last-Modified").flatMap(S3Time.seconds(ofHeader:)) ?? 0,
            digest: Self.digest(answer))
    }

    private static func digest(_ answer: S3Answer) -> ObjectDigest? {
        // Of an upload in parts, unless the store says otherwise, it is over their checksums.
        let isOfAll =
            answer.header("x-amz-checksum-type") == "FULL_OBJECT" || !answer.version.contains("-")
        if isOfAll, let crc = answer.header(S3Request.crcHeader).flatMap(S3Request.crc) { return .crc32(crc) }
        return digestOfETag(answer)
    }

    /// The MD5 that an ETag is; `nil` where it is something else.
    static func digestOfETag(_ answer: S3Answer) -> ObjectDigest? {
        // What the store encrypts with other keys than its own has another ETag.
        let encryption = answer.header("x-amz-server-side-encryption") ?? "AES256"
        let isOwn = answer.header("x-amz-server-side-encryption-customer-algorithm") != nil
        guard encryption == "AES256", !isOwn, Self.isMD5(answer.version) else { return nil }
        return .md5(answer.version)
    }

    private static func isMD5(_ version: String) -> Bool {
        version.utf8.count == 32
            && version.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
