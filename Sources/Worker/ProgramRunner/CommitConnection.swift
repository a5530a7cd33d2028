import Diagnostics
import Foundation
import Glibc

/// What a program asks: a line of JSON and `bytes` bytes after it.
struct CommitRequest: Codable, Sendable {
    var op: String
    var step: Int?
    /// Numbers as text: JSON has no NaN.
    var metrics: [String: String]?
    var bytes: Int?
}

/// What it is told: the length of a JSON text (4 bytes, little-endian), the text, and `bytes` bytes.
struct CommitAnswer: Codable, Sendable {
    var step: Int?
    var stop: Bool?
    var bytes: Int?
    var error: String?
}

/// A program's connection to its rank's socket.
final class CommitConnection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private static let longestLine = 1 << 20

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// - Returns: `nil` when the program has closed the connection.
    /// - Throws: `.network` when it speaks another language.
    func nextRequest() throws -> CommitRequest? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = Data(buffer[..<end])
                buffer.removeFirst(end + 1)
                do {
                    return try JSONDecoder().decode(CommitRequest.self, from: line)
                } catch {
                    throw LockstepError(.network, "a program sent what is no request", cause: error)
                }
            }
            guard buffer.count < Self.longestLine else {
                throw LockstepError(.network, "a program sent a request without an end")
            }
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            let count = receive(&piece, piece.count)
            guard count > 0 else { return nil }
            buffer += piece.prefix(count)
        }
    }

    /// Bytes of the request's payload: at least one.
    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        if !buffer.isEmpty {
            let count = min(buffer.count, target.count)
            target.copyBytes(from: buffer.prefix(count))
            buffer.removeFirst(count)
            return count
        }
        let count = receive(target.baseAddress, target.count)
        guard count > 0 else { throw LockstepError(.network, "the program went away within a commit") }
        return count
    }

    /// Reads `count` bytes of a payload that nobody wants.
    func discard(_ count: Int) throws {
        var rest = count
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while rest > 0 {
            rest -= try piece.withUnsafeMutableBytes {
                try read(into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(rest)))
            }
        }
    }

    func send(_ answer: CommitAnswer) throws {
        let text = [UInt8](try JSONEncoder().encode(answer))
        let length = withUnsafeBytes(of: UInt32(text.count).littleEndian) { Array($0) }
        try (length + text).withUnsafeBytes { try send($0) }
    }

    func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else {
                if errno == EINTR { continue }
                throw LockstepError(.network, "the program went away before its answer")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    private func receive(_ target: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        while true {
            let received = recv(descriptor, target, count, 0)
            if received < 0, errno == EINTR { continue }
            return received
        }
    }
}
