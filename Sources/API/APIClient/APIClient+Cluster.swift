import JSON
public import SageMakerShapes

extension APIClient {
    /// The worker daemons of the cluster, by name.
    public func listWorkers() async throws -> ListWorkersResponse {
        try await call("Lockstep.ListWorkers", JSONValue.object([:]))
    }

    /// Gives a worker no new ranks and lets its gangs go on elsewhere.
    public func drainWorker(_ request: DrainWorkerRequest) async throws -> WorkerNameResponse {
        try await call("Lockstep.DrainWorker", request)
    }

    /// Takes a drained or quarantined worker back.
    public func resumeWorker(_ name: String) async throws -> WorkerNameResponse {
        try await call("Lockstep.ResumeWorker", WorkerNameRequest(workerName: name))
    }

    /// Strikes a worker that is lost and will not come back.
    public func forgetWorker(_ name: String) async throws -> WorkerNameResponse {
        try await call("Lockstep.ForgetWorker", WorkerNameRequest(workerName: name))
    }

    /// Forgets old jobs that are over, or tells which ones it would.
    public func collectGarbage(_ request: CollectGarbageRequest) async throws -> CollectGarbageResponse {
        try await call("Lockstep.CollectGarbage", request)
    }

    /// The key with which the cluster's signatures are checked, as text.
    public func publicKey() async throws -> String {
        let answer: PublicKeyResponse = try await call("Lockstep.GetPublicKey", JSONValue.object([:]))
        return answer.publicKey
    }

    /// The built-in algorithms.
    public func listAlgorithms() async throws -> ListAlgorithmsResponse {
        try await call("Lockstep.ListAlgorithms", JSONValue.object([:]))
    }

    /// Hyperparameters, channels and metrics of an algorithm.
    public func describeAlgorithm(_ name: String) async throws -> AlgorithmDescription {
        try await call(
            "Lockstep.DescribeAlgorithm", DescribeAlgorithmRequest(algorithmName: name))
    }
}
