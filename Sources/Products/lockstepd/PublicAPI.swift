import CoordinatorService
import Logging
import SageMakerAPI
import ServiceLifecycle

/// The public API as one service beside the coordinator's.
enum PublicAPI {
    /// - Parameters:
    ///   - access: who may call it.
    ///   - isListening: told the port once the API answers.
    static func make(
        service: Coordinator, host: String, port: Int, access: APIAccess, logger: Logger,
        isListening: @escaping @Sendable (Int) async -> Void
    ) -> any Service {
        SageMakerAPIServer(
            service: service, host: host, port: port, access: access, logger: logger,
            onListening: isListening)
    }
}
