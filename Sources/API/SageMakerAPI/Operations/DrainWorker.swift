import ServiceModels
import ClusterTypes
import JobLifecycle
import SageMakerShapes

/// Gives a worker no new ranks and lets its gangs go on elsewhere.
struct DrainWorker: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "DrainWorker"
    let jobs: any JobService

    func answer(_ input: DrainWorkerRequest, _ call: APICall) async throws -> WorkerNameResponse {
        try await jobs.drainWorker(
            WorkerID(input.workerName), reason: input.reason ?? "drained by an operator",
            deadlineSeconds: input.deadlineInSeconds.map(Double.init))
        return WorkerNameResponse(workerName: input.workerName)
    }
}
