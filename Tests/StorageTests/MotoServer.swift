import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ObjectStores
import Synchronization

/// moto's server of S3, one for all tests of this process. It ends with the process that started it.
final class MotoServer: Sendable {
    static let program =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/.venv/bin/moto_server"
    static let isInstalled = FileManager.default.isExecutableFile(atPath: program)

    let settings: S3Settings
    private static let shared = Mutex<MotoServer?>(nil)
    private static let number = Atomic(0)

    private init(port: Int) {
        settings = S3Settings(
            endpoint: "http://127.0.0.1:\(port)", region: "us-east-1",
            keys: S3Keys(id: "test-key", secret: "test/secret+key"))
    }

    /// Runs `body` with the store of a new bucket.
    static func withBucket(
        _ body: (S3Store, S3Settings, HTTPClient) async throws -> Void
    ) async throws {
        let server = try running()
        try await S3Store.withHTTP { http in
            let bucket = "bucket-\(number.add(1, ordering: .relaxed).newValue)"
            try await server.makeBucket(bucket, http)
            try await body(S3Store(server.settings, bucket: bucket, http: http), server.settings, http)
        }
    }

    private func makeBucket(_ name: String, _ http: HTTPClient) async throws {
        var request = HTTPClientRequest(url: "\(settings.endpoint)/\(name)")
        request.method = .PUT
        // It takes a while to start.
        for _ in 0..<600 {
            if let response = try? await http.execute(request, timeout: .seconds(60)), response.status == .ok
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CocoaError(.executableLoad)
    }

    private static func running() throws -> MotoServer {
        try shared.withLock { server in
            if let server { return server }
            let port = try freePort()
            let process = Process()
            // The server would outlive a test process that is killed.
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments = ["--pdeathsig", "KILL", program, "-H", "127.0.0.1", "-p", "\(port)"]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let new = MotoServer(port: port)
            server = new
            return new
        }
    }

    private static func freePort() throws -> Int {
        let listener = try TCPListener()
        defer { listener.end() }
        return listener.port
    }
}
