import ClusterTypes
import JobLifecycle
import SageMakerShapes

/// Gives a worker no new ranks and lets its gangs go on elsewhere.
enum DrainWorker: APIOperation {
    static let target = "Lockstep.DrainWorker"
    static let shape = RequestShape.drainWorker

    static func run(_ input: DrainWorkerRequest, _ call: APICall) async throws -> WorkerNameResponse {
        try await call.service.drainWorker(
            WorkerID(input.workerName), reason: input.reason ?? "drained by an operator",
            deadlineSeconds: input.deadlineInSeconds.map(Double.init))
        return WorkerNameResponse(workerName: input.workerName)
    }
}

/// Strikes a worker that is lost and will not come back.
enum ForgetWorker: APIOperation {
    static let target = "Lockstep.ForgetWorker"
    static let shape = RequestShape.workerName

    static func run(_ input: WorkerNameRequest, _ call: APICall) async throws -> WorkerNameResponse {
        try await call.service.forgetWorker(WorkerID(input.workerName))
        return WorkerNameResponse(workerName: input.workerName)
    }
}

/// Takes a drained or quarantined worker back.
enum ResumeWorker: APIOperation {
    static let target = "Lockstep.ResumeWorker"
    static let shape = RequestShape.workerName

    static func run(_ input: WorkerNameRequest, _ call: APICall) async throws -> WorkerNameResponse {
        try await call.service.resumeWorker(WorkerID(input.workerName))
        return WorkerNameResponse(workerName: input.workerName)
    }
}
