import ServiceModels
import ClusterTypes
import JobLifecycle
import SageMakerShapes

/// Strikes a worker that is lost and will not come back.
struct ForgetWorker: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "ForgetWorker"
    let jobs: any JobService

    func answer(_ input: WorkerNameRequest, _ call: APICall) async throws -> WorkerNameResponse {
        try await jobs.forgetWorker(WorkerID(input.workerName))
        return WorkerNameResponse(workerName: input.workerName)
    }
}
