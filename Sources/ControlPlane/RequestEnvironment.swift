import Foundation
import SageMakerShapes
import Wire

/// The `Environment` of a request, for the ranks.
enum RequestEnvironment {
    /// Sorted by name; empty when the request has none.
    static func variables(ofRequest json: String) -> [EnvironmentVariable] {
        let request = try? JSONDecoder().decode(CreateTrainingJobRequest.self, from: Data(json.utf8))
        return (request?.environment ?? [:]).sorted { $0.key < $1.key }
            .map { EnvironmentVariable(name: $0.key, value: $0.value) }
    }
}
