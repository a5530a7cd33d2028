import Foundation

/// An HTTP request read from a socket.
struct RawRequest {
    var method: String
    /// Without the bucket.
    var key: String
    var query: [String: String] = [:]
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    /// - Returns: `nil` when the connection ends before the request does.
    init?(_ connection: Int32) {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        var end: Range<Array<UInt8>.Index>?
        repeat {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            bytes += piece[..<count]
            end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        } while end == nil
        guard let end else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        method = String(words[0])
        let sides = words[1].split(separator: "?", maxSplits: 1)
        let path = sides[0].dropFirst().split(separator: "/", maxSplits: 1)
        key = path.count > 1 ? path[1].removingPercentEncoding ?? "" : ""
        for pair in (sides.count > 1 ? sides[1] : "").split(separator: "&") {
            let words = pair.split(separator: "=", maxSplits: 1)
            query[String(words[0])] = words.count > 1 ? words[1].removingPercentEncoding : ""
        }
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { continue }
            headers[sides[0].lowercased()] = sides[1].trimmingCharacters(in: .whitespaces)
        }
        body = Array(bytes[end.upperBound...])
        let length = Int(headers["content-length"] ?? "") ?? 0
        while body.count < length {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            body += piece[..<count]
        }
    }

    var summary: String { "\(method) \(key)" + (headers["range"].map { " " + $0 } ?? "") }
}

/// An HTTP answer, after which the connection closes.
struct RawAnswer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    /// Bytes of the body that are sent; `nil`: all.
    var sentBytes: Int?
    var isSlow = false

    init(_ status: Int, _ body: [UInt8], _ headers: [String: String] = [:]) {
        self.status = status
        self.body = body
        self.headers = headers
    }

    init(_ status: Int, xml: String) { self.init(status, Array(xml.utf8)) }

    func send(_ connection: Int32, _ method: String) {
        var head = "HTTP/1.1 \(status) Status\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        var bytes = Array((head + "\r\n").utf8)
        if method != "HEAD", status != 204 { bytes += body.prefix(sentBytes ?? body.count) }
        let step = isSlow ? max(1, bytes.count / 50) : bytes.count
        for start in stride(from: 0, to: bytes.count, by: step) {
            write(connection, Array(bytes[start..<min(start + step, bytes.count)]))
            if isSlow { usleep(2_000) }
        }
    }

    private func write(_ connection: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.send(
                    connection, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
