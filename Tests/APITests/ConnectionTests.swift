import Foundation
import NIOCore
import SageMakerAPI
import SageMakerShapes
import Storage
import Synchronization
import Testing

@Suite("Connections")
struct ConnectionTests {
    private func withServer(
        _ limits: APILimits = APILimits(), _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws {
        try await LiveServer.with(FakeJobService(), limits: limits, body)
    }

    @Test("answers Expect: 100-continue with leave, or with a refusal and the end")
    func expectation() async throws {
        try await withServer { url in
            let client = try RawClient(url)
            client.send(RawClient.head(["Expect: 100-continue"]))
            #expect(await client.read { $0.contains("\r\n\r\n") } == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("{}")
            #expect(await client.read { $0.contains("TrainingJobSummaries") }.hasPrefix("HTTP/1.1 200"))
            for (head, status) in [
                (RawClient.head(["Expect: 100-continue"], length: 5 << 20), "413"),
                (RawClient.head(["Expect: 100-continue"], host: "evil.example"), "403"),
                (RawClient.head(["Expect: tea"]), "417"),
            ] {
                let client = try RawClient(url)
                client.send(head)
                // To its end: the server closes it.
                #expect(await client.read().hasPrefix("HTTP/1.1 \(status) "), "\(head)")
            }
        }
    }

    @Test("ends in the middle of a crowd of connections")
    func endInACrowd() async throws {
        for _ in 0..<10 {
            let clients = Mutex<[RawClient]>([])
            try await withServer { url in
                // The server is ended while most of these are accepted and not served yet.
                for _ in 0..<100 {
                    let client = try RawClient(url)
                    clients.withLock { $0.append(client) }
                }
            }
            for client in clients.withLock({ $0 }) { #expect(await client.read() == "") }
        }
    }

    @Test("ends when it was told to before it began")
    func endBeforeTheBegin() async throws {
        for _ in 0..<50 {
            let server = SageMakerAPIServer(
                handlers: .all(jobs: FakeJobService()), port: 0, limits: APILimits(),
                logger: APIFixture.silentLogger)
            let running = Task { try await server.run() }
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
    }

    @Test("takes packed requests within bounds")
    func packed() async throws {
        try await withServer { url in
            func answer(_ bytes: [UInt8], _ encoding: String = "gzip") async throws -> String {
                try await RawClient.answer(
                    url, RawClient.head(["Content-Encoding: \(encoding)"], length: bytes.count), bytes)
            }
            let good = try GzipBytes.compress(Array(#"{"MaxResults": 1}"#.utf8))
            #expect(try await answer(good).hasPrefix("HTTP/1.1 200 "))
            let bomb = try GzipBytes.compress([UInt8](repeating: 0x20, count: 64 << 20))
            #expect(bomb.count < 1 << 20)
            #expect(try await answer(bomb).hasPrefix("HTTP/1.1 413 "))
            #expect(try await answer(Array(good.dropLast(9))).contains("SerializationException"))
            #expect(try await answer(Array("{}".utf8)).contains("SerializationException"))
            #expect(try await answer(good, "br").hasPrefix("HTTP/1.1 415 "))
        }
    }

    @Test("answers probes without a body to HEAD, and needs one Host otherwise")
    func heads() async throws {
        try await withServer { url in
            let client = try RawClient(url)
            client.send("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            let both = await client.read { $0.contains("ok") }
            #expect(both.components(separatedBy: "HTTP/1.1 200 ").count == 3, "\(both)")
            #expect(both.components(separatedBy: #"{"status":"ok"}"#).count == 2)
            for head in [RawClient.head(host: nil), RawClient.head(["Host: 127.0.0.1"])] {
                #expect(try await RawClient.answer(url, head).hasPrefix("HTTP/1.1 400 "))
            }
        }
    }

    @Test("ends connections that are silent, half a head, half a body or idle")
    func timeouts() async throws {
        // One short limit at a time, so that a slow machine meets no other.
        var heads = APILimits()
        heads.headTimeout = .milliseconds(200)
        try await withServer(heads) { url in
            #expect(try await RawClient(url).read().isEmpty)
            let halfHead = try RawClient(url)
            halfHead.send("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz")
            #expect(await halfHead.read().isEmpty)
        }
        var bodies = APILimits()
        bodies.bodyTimeout = .milliseconds(200)
        try await withServer(bodies) { url in
            let halfBody = try RawClient(url)
            halfBody.send(RawClient.head(length: 100) + "{")
            #expect(await halfBody.read().hasPrefix("HTTP/1.1 408 "))
        }
        var idling = APILimits()
        idling.idleTimeout = .milliseconds(300)
        try await withServer(idling) { url in
            let idle = try RawClient(url)
            idle.send(RawClient.head() + "{}")
            #expect(await idle.read().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("holds as many connections of one client as it says, and takes new ones when some end")
    func limit() async throws {
        var limits = APILimits()
        limits.connectionsPerClient = 3
        try await withServer(limits) { url in
            var held = try (0..<3).map { _ in try RawClient(url) }
            for client in held {
                client.send(RawClient.head() + "{}")
                #expect(await client.read { $0.contains("TrainingJobSummaries") }.hasPrefix("HTTP/1.1 200 "))
            }
            let refused = try RawClient(url)
            let answer = await refused.read()
            #expect(
                answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("You have 3 connections"), "\(answer)")
            held.removeLast()
            var isTaken = false
            for _ in 0..<200 where !isTaken {
                isTaken = try await RawClient.answer(url, RawClient.head()).hasPrefix("HTTP/1.1 200 ")
                if !isTaken { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(isTaken)
        }
    }

    @Test(
        "refuses what a web page may send",
        arguments: [
            (RawClient.head(host: "evil.example"), "Host evil.example is neither"),
            (RawClient.head(host: "127.0.0.1.evil.example:7460"), "Host 127.0.0.1.evil.example is neither"),
            (RawClient.head(host: "10.9.9.9"), "Host 10.9.9.9 is neither"),
            (RawClient.head(["Origin: http://evil.example"]), "a page of http://evil.example"),
            (RawClient.head(["Origin: null"]), "a page of null"),
            (RawClient.head(["Origin: http://127.0.0.1:8000"]), "a page of http://127.0.0.1:8000"),
            (RawClient.head(["Sec-Fetch-Site: cross-site"]), "a page of another site"),
            (RawClient.head(["Sec-Fetch-Site: same-site"]), "a page of another site"),
        ])
    func pages(_ head: String, _ message: String) async throws {
        try await withServer { url in
            let answer = try await RawClient.answer(url, head)
            #expect(answer.hasPrefix("HTTP/1.1 403 "), "\(answer)")
            #expect(answer.contains("AccessDeniedException") && answer.contains(message), "\(answer)")
        }
    }

    @Test(
        "takes its own names", arguments: ["127.0.0.1", "localhost:7460", "LOCALHOST.", "[::1]:1", "api.lan"])
    func names(_ host: String) async throws {
        let access = APIAccess(hostNames: ["api.lan"])
        try await LiveServer.with(FakeJobService(), access: access) { url in
            let answer = try await RawClient.answer(url, RawClient.head(host: host))
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
            let page = try await RawClient.answer(
                url, RawClient.head(["Origin: http://\(host)", "Sec-Fetch-Site: same-origin"], host: host))
            #expect(page.hasPrefix("HTTP/1.1 200 "), "\(page)")
        }
    }
}
