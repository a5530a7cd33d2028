import CoordinatorService
import Logging
import SageMakerAPI
import ServiceLifecycle

/// The public API as one service beside the coordinator's.
enum PublicAPI {
    /// - Parameters:
    ///   - access: who may call it.
    ///   - dataRoots: folders that jobs may name; empty: all.
    ///   - isListening: told the port once the API answers.
    static func make(
        service: Coordinator, host: String, port: Int, access: APIAccess, dataRoots: [String],
        logger: Logger,
        isListening: @escaping @Sendable (Int) async -> Void
    ) -> any Service {
        SageMakerAPIServer(
            service: service, host: host, port: port, access: access, dataRoots: dataRoots, logger: logger,
            onListening: isListening)
    }
}
