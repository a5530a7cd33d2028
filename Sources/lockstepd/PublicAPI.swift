import CoordinatorService
import Logging
import SageMakerAPI
import ServiceLifecycle

/// The public API as one service beside the coordinator's.
enum PublicAPI {
    /// - Parameter isListening: told the port once the API answers.
    static func make(
        service: Coordinator, host: String, port: Int, logger: Logger,
        isListening: @escaping @Sendable (Int) async -> Void
    ) -> any Service {
        SageMakerAPIServer(
            service: service, host: host, port: port, logger: logger, onListening: isListening)
    }
}
