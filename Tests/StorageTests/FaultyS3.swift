import Crypto
import Foundation
import Synchronization

/// A small S3 in memory that does to requests what a list of faults says, in order.
final class FaultyS3: Sendable {
    enum Fault: Sendable, Equatable {
        /// Refuses without looking.
        case status(Int, String)
        /// Announces the whole body and sends so many bytes of it.
        case cut(Int)
        /// Does what was asked and closes the connection without an answer.
        case loseAnswer
        /// Says nothing for as long as the server lives.
        case silence
        /// Sends piece by piece, with pauses.
        case slow
        /// Another first byte in the body than there should be.
        case wrongByte
        /// Says that it has stored something else.
        case wrongETag
    }

    fileprivate struct State {
        var objects: [String: [UInt8]] = [:]
        var etags: [String: String] = [:]
        var uploads: [String: [Int: [UInt8]]] = [:]
        var faults: [(method: String, fault: Fault)] = []
        var requests: [String] = []
        var held: [Int32] = []
        /// Keys that were stored, each time.
        var puts: [String] = []
    }

    private let listener: TCPListener
    private let state = Mutex(State())

    private init() throws { listener = try TCPListener() }

    var endpoint: String { "http://127.0.0.1:\(listener.port)" }

    static func run(_ body: (FaultyS3) async throws -> Void) async throws {
        let server = try FaultyS3()
        Thread.detachNewThread {
            while let connection = server.listener.next() {
                Thread.detachNewThread { server.serve(connection) }
            }
        }
        defer {
            server.listener.end()
            server.state.withLock { for connection in $0.held { close(connection) } }
        }
        try await body(server)
    }

    /// What becomes of the next requests of a method (`any`: of all), one by one.
    func expect(_ method: String, _ faults: [Fault]) {
        state.withLock { $0.faults += faults.map { (method, $0) } }
    }

    func object(_ key: String) -> [UInt8]? { state.withLock { $0.objects[key] } }
    func store(_ key: String, _ bytes: [UInt8]) { state.withLock { $0.keep(bytes, key) } }
    var openUploads: Int { state.withLock { $0.uploads.count } }
    var pendingFaults: Int { state.withLock { $0.faults.count } }
    /// Methods, paths and ranges of the requests that came.
    var requests: [String] { state.withLock { $0.requests } }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        guard let request = RawRequest(connection) else { return }
        let fault = state.withLock { state -> Fault? in
            state.requests.append(request.summary)
            guard
                let index = state.faults.firstIndex(where: {
                    $0.method == request.method || $0.method == "any"
                })
            else { return nil }
            return state.faults.remove(at: index).fault
        }
        if case .status(let status, let code) = fault {
            let body = "<Error><Code>\(code)</Code><Message>as the script says</Message></Error>"
            return RawAnswer(status, Array(body.utf8)).send(connection, request.method)
        }
        if fault == .silence {
            let copy = dup(connection)
            return state.withLock { $0.held.append(copy) }
        }
        var answer = state.withLock { $0.answer(request) }
        switch fault {
        case .loseAnswer: return
        case .cut(let count): answer.sentBytes = count
        case .slow: answer.isSlow = true
        case .wrongByte where !answer.body.isEmpty: answer.body[0] ^= 0xFF
        case .wrongETag: answer.headers["ETag"] = "\"\(String(repeating: "0", count: 32))\""
        default: break
        }
        answer.send(connection, request.method)
    }
}

extension FaultyS3.State {
    mutating func keep(_ bytes: [UInt8], _ key: String, etag: String? = nil) {
        objects[key] = bytes
        etags[key] = etag ?? hexadecimal(Insecure.MD5.hash(data: bytes))
        puts.append(key)
    }

    mutating func answer(_ request: RawRequest) -> RawAnswer {
        let key = request.key
        switch (request.method, request.query["uploadId"], request.query["partNumber"]) {
        case ("POST", nil, _):
            let id = "upload-\(requests.count)"
            uploads[id] = [:]
            return RawAnswer(200, xml: "<R><UploadId>\(id)</UploadId></R>")
        case ("PUT", let id?, let part?):
            guard uploads[id] != nil, let number = Int(part) else { return Self.missing("NoSuchUpload") }
            uploads[id]?[number] = request.body
            return RawAnswer(200, [], ["ETag": quoted(hexadecimal(Insecure.MD5.hash(data: request.body)))])
        case ("POST", let id?, _):
            guard let parts = uploads.removeValue(forKey: id) else { return Self.missing("NoSuchUpload") }
            let all = parts.sorted { $0.key < $1.key }.map(\.value)
            let digests = all.flatMap { Array(Insecure.MD5.hash(data: $0)) }
            let etag = hexadecimal(Insecure.MD5.hash(data: digests)) + "-\(all.count)"
            keep(all.flatMap { $0 }, key, etag: etag)
            return RawAnswer(200, xml: "<R><ETag>\"\(etag)\"</ETag></R>")
        case ("DELETE", let id?, _):
            uploads[id] = nil
            return RawAnswer(204, [])
        case ("PUT", nil, _):
            if request.headers["if-none-match"] == "*", objects[key] != nil {
                return RawAnswer(412, xml: "<Error><Code>PreconditionFailed</Code></Error>")
            }
            keep(request.body, key)
            return RawAnswer(200, [], ["ETag": quoted(etags[key] ?? "")])
        case ("GET", _, _) where request.query["list-type"] != nil: return list(request)
        default: return read(request)
        }
    }

    private func read(_ request: RawRequest) -> RawAnswer {
        guard let bytes = objects[request.key], let etag = etags[request.key] else {
            return Self.missing("NoSuchKey")
        }
        if let wanted = request.headers["if-match"], wanted != quoted(etag) {
            return RawAnswer(412, xml: "<Error><Code>PreconditionFailed</Code></Error>")
        }
        let headers = ["ETag": quoted(etag), "Last-Modified": "Wed, 25 Nov 2026 12:00:00 GMT"]
        guard request.query["partNumber"] == nil else { return RawAnswer(501, []) }
        guard let range = request.headers["range"] else { return RawAnswer(200, bytes, headers) }
        let ends = range.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        let start = Int(ends[0]) ?? 0
        guard start < bytes.count else { return RawAnswer(416, []) }
        let end = min(Int(ends[1]) ?? bytes.count - 1, bytes.count - 1)
        return RawAnswer(
            206, Array(bytes[start...end]),
            headers.merging(["Content-Range": "bytes \(start)-\(end)/\(bytes.count)"]) { $1 })
    }

    /// Pages of odd sizes, also of none at all, whatever was asked for.
    private func list(_ request: RawRequest) -> RawAnswer {
        let token = request.query["continuation-token"] ?? ""
        let parts = token.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        let turn = parts.first.flatMap { Int($0) } ?? 0
        let after = parts.count > 1 ? String(parts[1]) : request.query["start-after"] ?? ""
        let keys = objects.keys.filter { $0.hasPrefix(request.query["prefix"] ?? "") && $0 > after }.sorted()
        let page = keys.prefix(min(turn % 3, Int(request.query["max-keys"] ?? "") ?? 1000))
        let isLast = page.count == keys.count
        let contents = page.map { key in
            "<Contents><Key>\(key)</Key><Size>\(objects[key]?.count ?? 0)</Size><ETag>&quot;"
                + "\(etags[key] ?? "")&quot;</ETag></Contents>"
        }
        let more =
            isLast ? "" : "<NextContinuationToken>\(turn + 1)|\(page.last ?? after)</NextContinuationToken>"
        return RawAnswer(
            200,
            xml: "<ListBucketResult><IsTruncated>\(!isLast)</IsTruncated>\(more)\(contents.joined())"
                + "</ListBucketResult>")
    }

    private static func missing(_ code: String) -> RawAnswer {
        RawAnswer(404, xml: "<Error><Code>\(code)</Code></Error>")
    }
}

private func quoted(_ text: String) -> String { "\"\(text)\"" }

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
