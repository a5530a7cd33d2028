import Diagnostics
import JobSpecs
import SageMakerShapes

/// Variables of a request's Environment that say what SageMaker has no members for, so that clients which
/// know no other members can say it too.
enum JobVariables {
    /// Fewest ranks; also ResourceConfig.MinInstanceCount, which wins.
    static let minimum = "LOCKSTEP_MIN_INSTANCE_COUNT"
    /// -1000 to 1000, higher goes first; 0 unless said.
    static let priority = "LOCKSTEP_PRIORITY"
    /// Whether a job of higher priority may take the slots: true or false; spot jobs allow it unless said.
    static let preemptible = "LOCKSTEP_PREEMPTIBLE"
    /// Whether the gang has a state keeper: auto, true or false.
    static let keeper = "LOCKSTEP_STATE_KEEPER"
    /// The kind of a program.
    static let program = "LOCKSTEP_PROGRAM"
}

extension JobSpec.Policy {
    /// - Throws: `LockstepError(.configuration)` naming member or variable, value and range.
    init(_ request: CreateTrainingJobRequest, _ kind: ProgramKind?) throws {
        let environment = request.environment ?? [:]
        // A keeper is for ranks that add up in lock-step; a script knows nothing of it.
        let mayHaveKeeper =
            switch kind {
            case nil, .algorithm: true
            case .script, .mpi: false
            }
        let usesSpot = request.enableManagedSpotTraining ?? false
        self.init(
            usesSpot: usesSpot,
            priority: try RuntimeEnvironment.number(JobVariables.priority, environment, in: -1000...1000)
                ?? 0,
            isPreemptible: try Self.choice(
                JobVariables.preemptible, environment, ["true": true, "false": false]) ?? usesSpot,
            keeper: mayHaveKeeper ? try Self.keeper(environment) : .never,
            maximumRestarts: request.retryStrategy?.maximumRetryAttempts ?? Self.usualRestarts,
            maxRuntimeSeconds: request.stoppingCondition?.maxRuntimeInSeconds ?? Self.usualRuntimeSeconds,
            maxWaitSeconds: usesSpot ? request.stoppingCondition?.maxWaitTimeInSeconds : nil)
    }

    private static func keeper(_ environment: [String: String]) throws -> Keeper {
        try choice(
            JobVariables.keeper, environment,
            ["auto": Keeper.whenAllSpot, "true": .always, "false": .never]) ?? .whenAllSpot
    }

    private static func choice<Value>(
        _ name: String, _ environment: [String: String], _ values: [String: Value]
    ) throws -> Value? {
        guard let text = environment[name] else { return nil }
        guard let value = values[text] else {
            throw LockstepError(
                .configuration,
                "\(name) in Environment is '\(text)', but must be one of "
                    + values.keys.sorted().joined(separator: ", "))
        }
        return value
    }
}
