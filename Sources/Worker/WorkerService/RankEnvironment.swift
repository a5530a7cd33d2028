import ClusterTypes
import Diagnostics
import Foundation

/// A job's Environment on its way to ranks that `mpirun` starts.
package enum RankEnvironment {
    /// Variable that holds all of it, as JSON.
    static let variable = "LOCKSTEP_RANK_ENVIRONMENT"

    /// Whether a built-in algorithm gets a variable: what the runtime reads, what SageMaker tells every
    /// container, and what nobody minds.
    package static func isOfRuntime(_ name: String) -> Bool {
        if ["LANG", "TZ", "TRAINING_JOB_NAME", "TRAINING_JOB_ARN"].contains(name) { return true }
        return name.hasPrefix("LC_")
            || (name.hasPrefix("LOCKSTEP_") && ![AttemptFiles.variable, "LOCKSTEP_TRAIN"].contains(name)
                && !name.hasPrefix("LOCKSTEP_LAUNCH") && !name.hasPrefix("LOCKSTEP_WORKER"))
    }

    static func packed(_ variables: [String: String]) -> [String: String] {
        guard !variables.isEmpty, let json = try? JSONEncoder().encode(variables) else { return [:] }
        return [variable: String(decoding: json, as: UTF8.self)]
    }

    /// `command`, started by what takes the variable apart.
    static func unpacking(_ command: [String], _ plan: LaunchPlan) -> [String] {
        [plan.daemonProgram, "run-rank", "--"] + command
    }

    /// The environment of a rank's own program.
    package static func unpacked(_ environment: [String: String]) throws -> [String: String] {
        guard let json = environment[variable] else { return environment }
        let given: [String: String]
        do {
            given = try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
        } catch {
            throw LockstepError(.damaged, "\(variable) cannot be read", cause: error)
        }
        return environment.merging(given) { $1 }.filter { $0.key != variable }
    }
}
