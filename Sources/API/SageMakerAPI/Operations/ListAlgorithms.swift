import AlgorithmSpecs
import SageMakerShapes

/// The built-in algorithms.
enum ListAlgorithms: APIOperation {
    static let target = "Lockstep.ListAlgorithms"
    static let shape = RequestShape.nothing

    static func run(_ input: NoMembers, _ call: APICall) async throws -> ListAlgorithmsResponse {
        ListAlgorithmsResponse(
            algorithms: AlgorithmSpec.builtIns.map {
                AlgorithmSummary(algorithmName: $0.name, summary: $0.summary)
            })
    }
}
