import Logging
import SageMakerAPI
import Subprocess

/// An API that listens on a port of this machine, for clients that are programs of their own.
enum LiveServer {
    /// Runs `body` with the server's URL; the server ends with it.
    static func with(
        _ service: FakeJobService, access: APIAccess = APIAccess(), limits: APILimits = APILimits(),
        _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws {
        try await with(handlers: .all(jobs: service), access: access, limits: limits, body)
    }

    /// The same with handlers of the test's own.
    static func with(
        handlers: APIRegistry, access: APIAccess = APIAccess(), limits: APILimits = APILimits(),
        _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = SageMakerAPIServer(
            handlers: handlers, port: 0, access: access, limits: limits, logger: APIFixture.silentLogger,
            onListening: { port in
                continuation.yield(port)
                continuation.finish()
            })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await server.run()
            }
            defer { group.cancelAll() }
            for await port in ports {
                try await body("http://127.0.0.1:\(port)")
                return
            }
            // It ended before it listened, with an error.
            try await group.waitForAll()
        }
    }

    /// Credentials and endpoint for AWS's clients, and nothing of the user's own configuration.
    static func environment(endpoint: String) -> Environment {
        .inherit.updating([
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint,
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1", "PATH": Installed.searchPath,
        ])
    }
}

/// A program's outcome.
struct ProgramResult: Sendable {
    let isSuccess: Bool
    let output: String
    let error: String

    /// Runs a program to its end.
    static func of(
        _ program: String, _ arguments: [String], environment: Environment
    ) async throws -> ProgramResult {
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments([program] + arguments), environment: environment,
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return ProgramResult(
            isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput,
            error: result.standardError)
    }
}
