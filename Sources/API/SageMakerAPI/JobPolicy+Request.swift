import AlgorithmSpecs
import Diagnostics
import JobLifecycle
import JobSpecs
import ProgramContract
import SageMakerShapes

/// How a job is scheduled, from its request: SageMaker's members where it has them, variables of the
/// Environment for the rest, so that clients which know no other members can say it too.
extension JobPolicy {
    /// Fewest ranks; also ResourceConfig.MinInstanceCount, which wins.
    static let minimumVariable = "LOCKSTEP_MIN_INSTANCE_COUNT"
    /// -1000 to 1000, higher goes first; 0 unless said.
    static let priorityVariable = "LOCKSTEP_PRIORITY"
    /// Whether a job of higher priority may take the slots: true or false; spot jobs allow it unless said.
    static let preemptibleVariable = "LOCKSTEP_PREEMPTIBLE"
    /// Whether the gang has a state keeper: auto, true or false.
    static let keeperVariable = "LOCKSTEP_STATE_KEEPER"

    /// - Throws: `LockstepError(.configuration)` naming member or variable, value and range.
    init(_ request: CreateTrainingJobRequest) throws {
        let environment = request.environment ?? [:]
        let most = try ProgramKind.rankCount(request)
        // A keeper is for ranks that add up in lock-step; a script knows nothing of it.
        let mayHaveKeeper =
            switch try ProgramKind(request) {
            case nil, .algorithm: true
            case .script, .mpi: false
            }
        let usesSpot = request.enableManagedSpotTraining ?? false
        self.init(
            minimumSlots: try Self.minimum(request, environment, most: most),
            priority: try RuntimeEnvironment.number(Self.priorityVariable, environment, in: -1000...1000)
                ?? 0,
            isPreemptible: try Self.choice(
                Self.preemptibleVariable, environment, ["true": true, "false": false]) ?? usesSpot,
            usesSpot: usesSpot,
            maxWaitSeconds: usesSpot ? request.stoppingCondition?.maxWaitTimeInSeconds : nil,
            keeper: mayHaveKeeper ? try Self.keeper(environment) : .never)
    }

    private static func keeper(_ environment: [String: String]) throws -> Keeper {
        try choice(
            keeperVariable, environment, ["auto": Keeper.whenAllSpot, "true": .always, "false": .never])
            ?? .whenAllSpot
    }

    private static func minimum(
        _ request: CreateTrainingJobRequest, _ environment: [String: String], most: Int
    ) throws -> Int {
        if let least = request.resourceConfig?.minInstanceCount {
            guard (1...most).contains(least) else {
                throw LockstepError(
                    .configuration,
                    "ResourceConfig.MinInstanceCount is \(least), but must be 1 to InstanceCount, \(most)")
            }
            return least
        }
        return try RuntimeEnvironment.number(minimumVariable, environment, in: 1...most) ?? most
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
