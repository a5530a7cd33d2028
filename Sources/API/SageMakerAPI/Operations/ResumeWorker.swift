import ServiceModels
import ClusterTypes
import JobLifecycle
import SageMakerShapes

/// Takes a drained or quarantined worker back.
struct ResumeWorker: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "ResumeWorker"
    let jobs: any JobService

    func answer(_ input: WorkerNameRequest, _ call: APICall) async throws -> WorkerNameResponse {
        try await jobs.resumeWorker(WorkerID(input.workerName))
        return WorkerNameResponse(workerName: input.workerName)
    }
}
