import ClusterTypes
import Diagnostics
import JobLifecycle
import SageMakerShapes

/// Asks a job to commit and leave; answers before it has.
enum StopTrainingJob: APIOperation {
    static let target = "SageMaker.StopTrainingJob"
    static let shape = RequestShape.trainingJobName

    static func run(_ input: TrainingJobNameRequest, _ call: APICall) async throws -> NoMembers {
        let name = JobName(input.trainingJobName)
        do {
            try await call.service.stopJob(name)
        } catch let error as LockstepError where error.code == .conflict {
            let status = try await call.service.job(name).status
            throw APIFault.validation(
                "The request was rejected because the training job is in status \(status.rawValue).",
                code: .conflict)
        }
        return NoMembers()
    }
}
