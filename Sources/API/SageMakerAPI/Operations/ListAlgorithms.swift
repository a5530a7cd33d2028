import ServiceModels
import AlgorithmSpecs
import SageMakerShapes

/// The built-in algorithms.
struct ListAlgorithms: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "ListAlgorithms"

    func answer(_ input: NoMembers, _ call: APICall) async throws -> ListAlgorithmsResponse {
        ListAlgorithmsResponse(
            algorithms: AlgorithmSpec.builtIns.map {
                AlgorithmSummary(algorithmName: $0.name, summary: $0.summary)
            })
    }
}
