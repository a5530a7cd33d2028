import AsyncHTTPClient
import Diagnostics
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import RequestSigning
import Storage

/// Sends requests to one bucket, signed, one by one. Knows nothing of objects, and tries nothing again.
struct S3Client: Sendable {
    let settings: S3Settings
    let bucket: String
    private let http: HTTPClient
    /// What an answer that is no object may have, in bytes.
    private static let answerLimit = 16 << 20
    /// What one request may take from its first byte to the last of the answer.
    private static let longest = TimeAmount.minutes(30)

    init(_ settings: S3Settings, bucket: String, http: HTTPClient) {
        self.settings = settings
        self.bucket = bucket
        self.http = http
    }

    func place(_ key: String?) -> String { "\(S3Location.scheme)\(bucket)" + (key.map { "/" + $0 } ?? "") }

    /// Sends a request and takes the whole answer.
    ///
    /// - Parameter attempt: for messages: `write`.
    /// - Throws: `LockstepError`; statuses below 300, and those in `expecting`, are no errors.
    func send(_ request: S3Request, _ attempt: String, expecting: Set<Int> = []) async throws -> S3Answer {
        try await failures(attempt, request.key) {
            let response = try await http.execute(signed(request), timeout: Self.longest)
            let body = try await response.body.collect(upTo: Self.answerLimit)
            let answer = S3Answer(
                status: Int(response.status.code), headers: response.headers,
                body: Array(body.readableBytesView))
            guard !answer.isFailure || expecting.contains(answer.status) else {
                throw LockstepError.s3(attempt, place(request.key), answer)
            }
            return answer
        }
    }

    /// Sends a GET and gives the answer's body piece by piece.
    ///
    /// - Parameter head: looks at the answer before its body, and throws where that is of no use.
    /// - Returns: `nil` for a status 416: the range begins behind the object's end.
    func stream(
        _ request: S3Request, head: (S3Answer) throws -> Void, _ take: ([UInt8]) async throws -> Void
    ) async throws -> S3Answer? {
        let response = try await failures("read", request.key) {
            try await http.execute(signed(request), timeout: Self.longest)
        }
        var answer = S3Answer(status: Int(response.status.code), headers: response.headers, body: [])
        if answer.status == 416 { return nil }
        guard answer.status == 200 || answer.status == 206 else {
            answer.body = try await failures("read", request.key) {
                Array(try await response.body.collect(upTo: Self.answerLimit).readableBytesView)
            }
            throw LockstepError.s3("read", place(request.key), answer)
        }
        try head(answer)
        var pieces = response.body.makeAsyncIterator()
        while let piece = try await failures("read", request.key, { try await pieces.next() }) {
            try await take(Array(piece.readableBytesView))
        }
        return answer
    }

    /// What goes wrong on the way, as one kind of error.
    private func failures<Result>(
        _ attempt: String, _ key: String?, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let error as LockstepError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw LockstepError(
                .network, "cannot \(attempt) \(place(key)): \(settings.endpoint) \(Self.reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout: "cannot be reached in time"
        case let error as HTTPClientError where error == .readTimeout: "has stopped sending"
        case let error as HTTPClientError where error == .writeTimeout: "has stopped taking data"
        case let error as HTTPClientError where error == .deadlineExceeded: "takes too long"
        case let error as HTTPClientError where error == .remoteConnectionClosed: "closed the connection"
        case is NIOConnectionError: "cannot be reached"
        case let error as IOError where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode):
            "cannot be reached"
        case is HTTPParserError: "cut the answer short or gave one that is no HTTP"
        default: "failed (\(error))"
        }
    }

    /// The request with all headers and its signature.
    private func signed(_ request: S3Request) -> HTTPClientRequest {
        let (scheme, authority) = Self.split(settings.endpoint)
        let host = settings.usesPathStyle ? authority : "\(bucket).\(authority)"
        let target = request.target(bucket: bucket, usesPathStyle: settings.usesPathStyle)
        var result = HTTPClientRequest(url: "\(scheme)://\(host)\(target)")
        result.method = HTTPMethod(rawValue: request.method)
        var headers = request.headers + [("Host", host)]
        let digest = Checksum.sha256(request.body)
        headers.append(("x-amz-content-sha256", digest))
        if let token = settings.keys?.token { headers.append(("x-amz-security-token", token)) }
        if let keys = settings.keys {
            let signable = SignableRequest(
                method: request.method, target: target, headers: headers, body: request.body,
                isForObjects: true)
            let key = AccessKey(accessKeyID: keys.id, secretAccessKey: keys.secret)
            headers += RequestSigner(key, region: settings.region, service: "s3")
                .headers(for: signable, at: Date().timeIntervalSince1970)
        }
        for header in headers { result.headers.add(name: header.name, value: header.value) }
        if !request.body.isEmpty { result.body = .bytes(ByteBuffer(bytes: request.body)) }
        return result
    }

    private static func split(_ endpoint: String) -> (scheme: String, authority: String) {
        let parts = endpoint.components(separatedBy: "://")
        return (parts[0], parts.count > 1 ? parts[1] : "")
    }
}
