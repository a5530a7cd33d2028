public import SageMakerShapes

extension APIClient {
    /// The worker daemons of the cluster, by name.
    public func listWorkers() async throws -> ListWorkersResponse {
        try await call("Lockstep.ListWorkers", JSONValue.object([:]))
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
