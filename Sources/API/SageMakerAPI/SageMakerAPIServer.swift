import Diagnostics
package import Hummingbird
public import JobLifecycle
public import Logging
import NIOCore
import ProgramContract
public import ServiceLifecycle

/// The public HTTP API: SageMaker's training jobs, their logs, and what Lockstep adds to them.
///
/// Who may call it is said by `APIAccess`.
public struct SageMakerAPIServer: Service {
    /// Port of `lockstepd coordinator` and the command line.
    public static let defaultPort = 7460

    private let handlers: APIRegistry
    private let accountID: String
    private let region: String
    private let access: APIAccess
    private let limits: APILimits
    private let host: String
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - port: 0 lets the system choose; `onListening` tells which.
    ///   - accountID: twelve digits for ARNs.
    ///   - region: for ARNs, where the client's credentials name none.
    ///   - access: who may call; unless said, without a key only root and the user of this process.
    ///   - dataRoots: folders that jobs may name; empty: all.
    ///   - onListening: called once with the port, when connections are accepted.
    public init(
        service: any JobService, host: String = "127.0.0.1", port: Int = defaultPort,
        accountID: String = "000000000000", region: String = "us-east-1", access: APIAccess = APIAccess(),
        dataRoots: [String] = [], logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.init(
            handlers: .all(jobs: service, roots: DataRoots(roots: dataRoots)), host: host, port: port,
            accountID: accountID, region: region, access: access, limits: APILimits(), logger: logger,
            onListening: onListening)
    }

    /// The same with handlers and limits of a test's own.
    package init(
        handlers: APIRegistry, host: String = "127.0.0.1", port: Int = defaultPort,
        accountID: String = "000000000000", region: String = "us-east-1", access: APIAccess = APIAccess(),
        limits: APILimits, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.handlers = handlers
        self.accountID = accountID
        self.region = region
        self.access = access
        self.limits = limits
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the task is cancelled or the service group shuts down gracefully.
    ///
    /// - Throws: `LockstepError(.conflict)` naming the address when its port is taken, `.network` when
    ///   it cannot be listened on for another reason.
    public func run() async throws {
        if access.isInsecure {
            logger.warning(
                "API takes requests from everybody who reaches it, without a key",
                metadata: ["api.host": "\(host)"])
        }
        do {
            try await serve(ConnectionRegistry(limits: limits, logger: logger))
        } catch let error as IOError {
            throw Self.bindError(error, host: host, port: port)
        } catch let error as SocketAddressError.UnknownHost {
            throw LockstepError(
                .network, "cannot listen on \(host):\(port): there is no such address", cause: error)
        }
    }

    /// Serves until it is told to end.
    ///
    /// The application itself is never cancelled: that would drop connections which are accepted and not
    /// served yet, and NIO traps when an open one is dropped. Its listener is closed, and all connections.
    private func serve(_ registry: ConnectionRegistry) async throws {
        // A group that is told to end before it runs does not hear it: it is told again when it listens.
        let late = LateEnd(registry)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [makeApplication(registry, late)], logger: quietLogger))
        late.group = group
        let serving = Task { try await group.run() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            registry.closeAll()
            Task { await group.triggerGracefulShutdown() }
        }
        try Task.checkCancellation()
    }

    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    /// The HTTP application, for tests without a port: its callers are this process.
    package var application: some ApplicationProtocol { makeApplication(nil, nil) }

    private func makeApplication(
        _ registry: ConnectionRegistry?, _ late: LateEnd?
    ) -> some ApplicationProtocol {
        let (host, port, logger, onListening) = (host, port, logger, onListening)
        let responder = APIResponder(
            handlers: handlers, accountID: accountID, defaultRegion: region, logger: logger,
            access: access,
            hostNames: access.hostNames + [host], registry: registry)
        let handlers: @Sendable () -> [any RemovableChannelHandler] = {
            guard let registry else { return [] }
            return [ConnectionInstaller(registry)]
        }
        return Application(
            responder: responder,
            server: .http1(configuration: .init(additionalChannelHandlers: handlers())),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "lockstep"),
            onServerRunning: { channel in
                let bound = channel.localAddress?.port ?? port
                await Self.guardAccepting(channel, logger)
                logger.info("API listens", metadata: ["api.address": "http://\(host):\(bound)"])
                await onListening(bound)
                await late?.endIfTold()
            },
            logger: quietLogger)
    }

    private static func guardAccepting(_ channel: any Channel, _ logger: Logger) async {
        try? await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger), position: .first)
        }.get()
    }

    private static func bindError(_ error: IOError, host: String, port: Int) -> LockstepError {
        if error.errnoCode == addressInUse {
            return LockstepError(
                .conflict,
                "cannot listen on \(host):\(port): another program has that port; stop it or choose "
                    + "another port")
        }
        if error.errnoCode == addressNotAvailable {
            return LockstepError(
                .network,
                "cannot listen on \(host):\(port): \(host) is no address of this machine; use one of its "
                    + "own, or 127.0.0.1")
        }
        return LockstepError(.network, "cannot listen on \(host):\(port)", cause: error)
    }

    /// EADDRINUSE of Linux.
    private static let addressInUse: Int32 = 98
    /// EADDRNOTAVAIL of Linux.
    private static let addressNotAvailable: Int32 = 99
}
