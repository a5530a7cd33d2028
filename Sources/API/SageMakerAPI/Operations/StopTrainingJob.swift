import ServiceModels
import ClusterTypes
import Diagnostics
import JobLifecycle
import SageMakerShapes

/// Asks a job to commit and leave; answers before it has.
struct StopTrainingJob: TypedHandler {
    let service = ServiceName.sagemaker
    let operation = "StopTrainingJob"
    let jobs: any JobService

    func answer(_ input: TrainingJobNameRequest, _ call: APICall) async throws -> NoMembers {
        let name = JobName(input.trainingJobName)
        do {
            try await jobs.stopJob(name)
        } catch let error as LockstepError where error.code == .conflict {
            let status = try await jobs.job(name).status
            throw APIFault.validation(
                "The request was rejected because the training job is in status \(status.rawValue).",
                code: .conflict)
        }
        return NoMembers()
    }
}
