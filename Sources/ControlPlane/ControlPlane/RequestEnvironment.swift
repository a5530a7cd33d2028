import ClusterTypes
import Foundation
import JobLifecycle
import SageMakerShapes
import Wire

/// The environment that a job's ranks get: what SageMaker tells every training container, and the
/// request's own `Environment`.
enum RequestEnvironment {
    /// Sorted by name.
    static func variables(of record: JobRecord) -> [EnvironmentVariable] {
        let json = Data(record.requestJSON.utf8)
        let request = try? JSONDecoder().decode(CreateTrainingJobRequest.self, from: json)
        var variables = request?.environment ?? [:]
        variables["TRAINING_JOB_NAME"] = record.name.rawValue
        variables["TRAINING_JOB_ARN"] = record.arn
        return variables.sorted { $0.key < $1.key }.map { EnvironmentVariable(name: $0.key, value: $0.value) }
    }
}
