/// What a worker's node is good for.
public enum WorkerKind: String, Sendable, Codable, CaseIterable {
    /// Stays until somebody takes it away.
    case onDemand = "on-demand"
    /// May be taken away at any time; only jobs that ask for spot capacity run here.
    case spot
    /// Runs state keepers only: ranks without logical shards.
    case keeper
}
