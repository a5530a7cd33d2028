import AsyncHTTPClient
package import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Processes

/// Where a worker learns that its node is about to be taken away. Looked at again and again; a notice
/// may also be withdrawn.
package enum SpotNoticeSource: Sendable, Equatable {
    /// A notice is there while this file is; its first line is the reason.
    case file(String)
    /// A shell command; it ends with status 0 while there is a notice, and prints the reason.
    case command(String)
    /// Address of an instance-metadata service as Amazon EC2 has it, `http://169.254.169.254` there:
    /// `/latest/meta-data/spot/instance-action` answers 404 until the notice comes.
    case metadata(String)
}

/// A notice: why, and how long is left.
package struct SpotNotice: Sendable, Equatable {
    package var reason: String
    /// `nil`: not known.
    package var secondsLeft: Double?

    /// EC2 gives two minutes.
    static let usualSeconds = 120.0

    /// Looks once.
    ///
    /// - Returns: `nil` when there is none, or when it cannot be found out.
    package static func look(_ source: SpotNoticeSource) async -> SpotNotice? {
        switch source {
        case .file(let path): file(path)
        case .command(let command): await run(command)
        case .metadata(let address): await ask(address)
        }
    }

    private static func file(_ path: String) -> SpotNotice? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let line = String(decoding: data.prefix(200), as: UTF8.self).split(separator: "\n").first
        return SpotNotice(reason: line.map(String.init) ?? "\(path) is there")
    }

    private static func run(_ command: String) async -> SpotNotice? {
        guard let output = try? ChildProcess.pipe() else { return nil }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { for descriptor in [null, output.read] { close(descriptor) } }
        let pid = try? ChildProcess.spawn(
            ["/bin/sh", "-c", command], environment: ProcessInfo.processInfo.environment, input: null,
            output: output.write, error: null, newSession: true)
        close(output.write)
        guard let pid else { return nil }
        var status: Int32 = 0
        for _ in 0..<500 {
            if waitpid(pid, &status, WNOHANG) == pid {
                guard ChildProcess.shellStatus(status) == 0 else { return nil }
                var bytes = [UInt8](repeating: 0, count: 200)
                let count = max(0, Glibc.read(output.read, &bytes, bytes.count))
                let line = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").first
                return SpotNotice(reason: line.map(String.init) ?? "the notice command says so")
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        kill(-pid, SIGKILL)
        waitpid(pid, nil, 0)
        return nil
    }

    private static func ask(_ address: String) async -> SpotNotice? {
        let timeout = TimeAmount.seconds(2)
        var headers: [(String, String)] = []
        var request = HTTPClientRequest(url: address + "/latest/api/token")
        request.method = .PUT
        request.headers.add(name: "X-aws-ec2-metadata-token-ttl-seconds", value: "300")
        // A service without tokens answers the plain question.
        if let answer = try? await HTTPClient.shared.execute(request, timeout: timeout), answer.status == .ok,
            let body = try? await answer.body.collect(upTo: 4096)
        {
            headers.append(("X-aws-ec2-metadata-token", String(buffer: body)))
        }
        var question = HTTPClientRequest(url: address + "/latest/meta-data/spot/instance-action")
        for (name, value) in headers { question.headers.add(name: name, value: value) }
        guard let answer = try? await HTTPClient.shared.execute(question, timeout: timeout),
            answer.status == .ok, let body = try? await answer.body.collect(upTo: 4096)
        else { return nil }
        return read(document: Array(body.readableBytesView), at: Date())
    }

    /// Reads `{"action": "terminate", "time": "2017-09-18T08:22:00Z"}`.
    package static func read(document: [UInt8], at now: Date) -> SpotNotice? {
        struct Document: Decodable {
            var action: String
            var time: String
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(document)) else {
            return nil
        }
        let left = (try? Date(document.time, strategy: .iso8601))?.timeIntervalSince(now)
        return SpotNotice(
            reason: "spot notice: \(document.action) at \(document.time)",
            secondsLeft: left.map { max(1, $0) })
    }
}
