import Diagnostics
import Foundation
import ObjectStores
import Testing

/// A server that does badly: it is survived, or told of in one sentence; nothing half-written is ever read.
@Suite struct FaultyServerTests {
    private static let small = ObjectStoreConformance.bytes(100_000)
    private static let large = ObjectStoreConformance.bytes(17 << 20)

    private static func with(
        idleSeconds: Double = 30, _ body: (FaultyS3, S3Store) async throws -> Void
    ) async throws {
        try await FaultyS3.run { server in
            try await S3Store.withHTTP(idleSeconds: idleSeconds) { http in
                let settings = S3Settings(
                    endpoint: server.endpoint, region: "us-east-1", keys: S3Keys(id: "k", secret: "s"))
                let policy = RetryPolicy(attempts: 4, sleep: { _ in })
                try await body(server, S3Store(settings, bucket: "bucket", http: http, policy: policy))
            }
        }
    }

    static let passing: [FaultyS3.Fault] = [
        .status(500, "InternalError"), .status(503, "SlowDown"), .status(400, "RequestTimeout"), .cut(1000),
        .loseAnswer, .slow,
    ]

    @Test(arguments: passing) func `what passes is survived by a read`(_ fault: FaultyS3.Fault) async throws {
        try await Self.with { server, store in
            server.store("a", Self.small)
            server.expect("GET", [fault, fault, fault])
            let read = try await store.read("a", limit: 1 << 20)
            #expect(read == Self.small)
            #expect(server.pendingFaults <= (fault == .slow ? 2 : 0))
        }
    }

    @Test func `a read that is cut goes on where it stopped`() async throws {
        try await Self.with { server, store in
            server.store("a", Self.small)
            // More cuts in all than calls in a row.
            server.expect("GET", Array(repeating: .cut(10_000), count: 9))
            let read = try await store.read("a", limit: 1 << 20)
            #expect(read == Self.small)
            #expect(server.requests.last == "GET a bytes=90000-")
        }
    }

    @Test func `a read that is cut does not go on in another version`() async throws {
        try await Self.with { server, store in
            server.store("a", Self.small)
            server.expect("GET", [.cut(10_000)])
            let error = await #expect(throws: LockstepError.self) {
                try await store.get("a", range: nil, version: nil) { _ in server.store("a", [1, 2, 3]) }
            }
            #expect(error?.code == .conflict)
        }
    }

    @Test(arguments: passing + [.wrongETag]) func `what passes is survived by a put`(_ fault: FaultyS3.Fault)
        async throws
    {
        for (bytes, methods) in [(Self.small, ["PUT"]), (Self.large, ["PUT", "POST"])] {
            try await Self.with { server, store in
                for method in methods where fault != .wrongETag || method == "PUT" {
                    server.expect(method, [fault, fault])
                }
                try await store.put(.bytes(bytes), as: "a")
                #expect(server.object("a") == bytes)
                #expect(server.pendingFaults == 0 || fault == .cut(1000) || fault == .slow)
            }
        }
    }

    @Test(arguments: [FaultyS3.Fault.loseAnswer, .status(500, "InternalError")])
    func `a put on a condition does not stand in its own way`(_ fault: FaultyS3.Fault) async throws {
        try await Self.with { server, store in
            server.expect("PUT", [fault])
            try await store.put(.bytes([1]), as: "a", if: .ifNone)
            await #expect(throws: LockstepError.self) {
                try await store.put(.bytes([2]), as: "a", if: .ifNone)
            }
            #expect(server.object("a") == [1])
        }
    }

    @Test func `a server that falls silent is asked again`() async throws {
        try await Self.with(idleSeconds: 0.5) { server, store in
            server.store("a", Self.small)
            server.expect("any", [.silence])
            let read = try await store.read("a", limit: 1 << 20)
            #expect(read == Self.small)
        }
    }

    @Test func `a server that never gets better is told of in one sentence`() async throws {
        try await Self.with { server, store in
            server.store("a", [1])
            let answers: [(FaultyS3.Fault, String)] = [
                (
                    .status(503, "SlowDown"),
                    "cannot read s3://bucket/a: the store answers with status 503, SlowDown: "
                        + "as the script says, 4 times in a row"
                ),
                (.loseAnswer, "closed the connection, 4 times in a row"),
            ]
            for (fault, words) in answers {
                server.expect("any", Array(repeating: fault, count: 4))
                let error = await #expect(throws: LockstepError.self) { try await store.read("a", limit: 1) }
                #expect(error?.code == .network)
                #expect(error?.description.hasSuffix(words) == true, "\(error?.description ?? "")")
                #expect(error?.description.contains("\n") == false)
            }
        }
    }

    @Test(arguments: [
        (FaultyS3.Fault.status(403, "AccessDenied"), LockstepError.Code.denied), (.status(507, ""), .full),
        (.status(400, "BadDigest"), .damaged), (.status(301, "PermanentRedirect"), .configuration),
        (.status(403, "RequestTimeTooSkewed"), .denied),
    ])
    func `refusals are of a kind`(_ fault: FaultyS3.Fault, _ code: LockstepError.Code) async throws {
        try await Self.with { server, store in
            server.expect("any", Array(repeating: fault, count: 4))
            let error = await #expect(throws: LockstepError.self) {
                try await store.put(.bytes([1]), as: "a")
            }
            #expect(error?.code == code && error?.message.contains("s3://bucket/a") == true)
            #expect(server.object("a") == nil)
        }
    }

    @Test func `wrong bytes are read again, and then told of`() async throws {
        try await Self.with { server, store in
            try await TemporaryFolder.with { folder in
                server.store("a", Self.small)
                let path = folder.path + "/a"
                server.expect("GET", [.wrongByte, .wrongByte])
                try await ObjectDownload(store)("a", to: path)
                #expect(FileManager.default.contents(atPath: path).map(Array.init) == Self.small)
                server.expect("GET", [.wrongByte, .wrongByte, .wrongByte])
                let error = await #expect(throws: LockstepError.self) {
                    try await ObjectDownload(store)("a", to: folder.path + "/b")
                }
                #expect(error?.code == .damaged)
                #expect(
                    error?.description
                        == "s3://bucket/a arrived with another MD5 than it was stored with, 3 times in a row")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
            }
            server.expect("GET", [.wrongByte])
            let error = await #expect(throws: LockstepError.self) {
                try await store.read("a", limit: 1 << 20)
            }
            #expect(error?.code == .damaged)
        }
    }

    @Test func `an upload that fails is taken back, and the old object stays`() async throws {
        try await Self.with { server, store in
            server.store("a", [1])
            server.expect("PUT", [.status(403, "AccessDenied")])
            await #expect(throws: LockstepError.self) { try await store.put(.bytes(Self.large), as: "a") }
            #expect(server.object("a") == [1] && server.openUploads == 0)
        }
    }

    @Test func `an upload that is cancelled is taken back`() async throws {
        try await Self.with { server, store in
            let pieces = Pieces(Self.large, of: 1 << 20)
            let task = Task {
                try await store.put(
                    .stream {
                        if let piece = await pieces.next() { return piece }
                        try await Task.sleep(for: .seconds(3600))
                        return nil
                    }, as: "a")
            }
            while server.openUploads == 0 { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(server.object("a") == nil && server.openUploads == 0)
        }
    }

    @Test func `lists may come in any pages`() async throws {
        try await Self.with { server, store in
            let keys = (100..<117).map { "k\($0)" }
            for key in keys + ["other"] { server.store(key, [1]) }
            let found = try await store.all(prefix: "k").map(\.key)
            #expect(found == keys)
            server.expect("GET", [.status(500, "InternalError"), .cut(20)])
            #expect(try await store.all(prefix: "k1").map(\.key) == keys)
        }
    }

    @Test func `a store that is not there`() async throws {
        try await S3Store.withHTTP { http in
            let port = try TCPListener()
            port.end()
            let settings = S3Settings(
                endpoint: "http://127.0.0.1:\(port.port)", region: "us-east-1", keys: nil)
            let policy = RetryPolicy(attempts: 2, sleep: { _ in })
            let store = S3Store(settings, bucket: "bucket", http: http, policy: policy)
            let error = await #expect(throws: LockstepError.self) { try await store.head("a") }
            #expect(error?.code == .network)
            #expect(
                error?.description.contains("http://127.0.0.1:\(port.port) cannot be reached") == true,
                "\(error?.description ?? "")")
        }
    }
}
