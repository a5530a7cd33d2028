import ServiceModels
import ClusterTypes
import JobLifecycle
import SageMakerShapes

/// The worker daemons of the cluster, by name.
struct ListWorkers: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "ListWorkers"
    let jobs: any JobService

    func answer(_ input: NoMembers, _ call: APICall) async throws -> ListWorkersResponse {
        let workers = try await jobs.workers().sorted { $0.id < $1.id }
        return ListWorkersResponse(
            workers: workers.map {
                WorkerSummary(
                    workerName: $0.id.rawValue, address: $0.address, kind: $0.kind.rawValue,
                    state: $0.state.rawValue, reason: $0.reason, slots: $0.slots, freeSlots: $0.freeSlots,
                    lastSeen: $0.lastSeen, hotStateBytes: $0.hotStateBytes)
            })
    }
}
