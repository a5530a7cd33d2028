import ClusterTypes
import ControlChannel
import Diagnostics
import Logging
import ServiceLifecycle
import Storage
import Wire

/// The coordinator's two loops: workers' connections and the clock.
package struct CoordinatorServer: Service {
    private let coordinator: Coordinator
    private let server: ControlServer

    /// How often the clock is looked at.
    static let tickInterval = Duration.milliseconds(100)

    /// The port of the control channel.
    package var port: Int { server.port }

    /// Starts to listen; connections are served by `run`.
    ///
    /// - Throws: `.conflict` when the port is taken.
    package init(_ coordinator: Coordinator) async throws {
        self.coordinator = coordinator
        let configuration = coordinator.configuration
        let token = try ControlToken(file: configuration.tokenFile)
        server = try await ControlServer.bind(
            host: configuration.host, port: configuration.port, token: token, logger: coordinator.logger)
        if let key = ClusterKey(seed: token.certificateSeed)?.publicKey {
            let path = configuration.dataFolder + "/" + ClusterKey.publicFileName
            try AtomicFile.write([UInt8]((key.text + "\n").utf8), to: path)
        }
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await server.serve { peer, inbox in
                        try await WorkerLine(coordinator: coordinator, peer: peer).serve(&inbox)
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        await coordinator.tick()
                        try await Task.sleep(for: Self.tickInterval)
                    }
                }
                defer { group.cancelAll() }
                do { try await group.next() } catch is CancellationError {}
            }
        }
    }
}
