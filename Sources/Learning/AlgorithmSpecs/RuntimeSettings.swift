/// Settings of the runtime, common to all algorithms; they come with the hyperparameters.
public struct RuntimeSettings: Sendable, Equatable {
    /// V: fixed slices of the data. Part of the mathematics: another V is another job.
    public var logicalShardCount: Int
    /// Part of the mathematics.
    public var seed: UInt64
    /// Steps between checkpoints; `nil`: by time.
    public var checkpointIntervalSteps: Int?
    /// Seconds between checkpoints, where they go by time.
    public var checkpointIntervalSeconds: Double
    /// How many checkpoints are kept.
    public var checkpointsKept: Int
    /// Steps between hot states; 0: none.
    public var hotStateIntervalSteps: Int

    /// Names, types, ranges and defaults.
    public static let specs: [HyperparameterSpec] = [
        HyperparameterSpec(
            "logical_shards", .integer(IntegerRange(from: 1, to: 4096)), default: "32",
            "Fixed slices of the data, the unit of work: at least ranks × threads of any attempt. Decides "
                + "the last bits of the model; fixed for the life of a job."),
        HyperparameterSpec(
            "seed", .integer(IntegerRange(from: 0)), default: "0",
            "Where all random choices come from; equal seeds give equal models."),
        HyperparameterSpec(
            "checkpoint_interval_steps", .integer(IntegerRange(from: 1)), default: "auto", allowsAuto: true,
            "Steps between checkpoints; auto: by time."),
        HyperparameterSpec(
            "checkpoint_interval_seconds", .real(RealRange(from: 0)), default: "5",
            "Seconds between checkpoints when checkpoint_interval_steps is auto."),
        HyperparameterSpec(
            "checkpoints_kept", .integer(IntegerRange(from: 1)), default: "3",
            "How many checkpoints are kept, the newest ones."),
        HyperparameterSpec(
            "hot_state_interval_steps", .integer(IntegerRange(from: 0)), default: "1",
            "Steps between copies of the state in the nodes' shared memory; 0: none, so that an "
                + "interruption goes back to the newest checkpoint."),
    ]

    /// Names of the settings that have no part in the mathematics: they may differ between attempts.
    public static let namesWithoutEffect: Set<String> = [
        "checkpoint_interval_steps", "checkpoint_interval_seconds", "checkpoints_kept",
        "hot_state_interval_steps",
    ]

    /// Takes the settings from checked values; defaults where a value is absent.
    public init(_ values: ResolvedHyperparameters) {
        logicalShardCount = values.integer("logical_shards") ?? 32
        seed = UInt64(values.integer("seed") ?? 0)
        checkpointIntervalSteps = values.integer("checkpoint_interval_steps")
        checkpointIntervalSeconds = values.real("checkpoint_interval_seconds") ?? 5
        checkpointsKept = values.integer("checkpoints_kept") ?? 3
        hotStateIntervalSteps = values.integer("hot_state_interval_steps") ?? 1
    }
}
