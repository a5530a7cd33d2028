import ClusterTypes
import JobLifecycle
import SageMakerShapes
import ServiceModels

/// Forgets old jobs that are over.
struct CollectGarbage: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "CollectGarbage"
    let jobs: any JobService

    func answer(_ input: CollectGarbageRequest, _ call: APICall) async throws -> CollectGarbageResponse {
        var retention: Retention?
        if input.keepDays != nil || input.keepJobs != nil {
            retention = Retention(
                keepDays: input.keepDays.map(Double.init) ?? .infinity, keepJobs: input.keepJobs ?? .max)
        }
        let forgotten = try await jobs.collectGarbage(retention, isRehearsal: input.dryRun ?? false)
        return CollectGarbageResponse(
            jobs: forgotten.map { .init(trainingJobName: $0.name.rawValue, bytes: $0.bytes) })
    }
}
