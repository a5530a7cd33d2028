import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Storage

/// Script mode without SageMaker's toolkit: the command line and the SM_* variables that the toolkit gives
/// a script, from the plan alone. Needs nothing on the node but Python, or a shell for a `.sh`.
public struct ScriptLauncher {
    /// The program first, to be looked up in PATH when it has no slash.
    public let arguments: [String]
    /// To be set over the rest of the program's environment, with PYTHONPATH before what that has of it.
    public let environment: [String: String]
    /// Where the program starts: the folder of its code.
    public let directory: String
    /// The file that a shell is to run, below `directory`; `nil` for one that Python runs.
    public var script: String? { entryPoint.isCommand ? entryPoint.path : nil }
    private let code: SourceCode
    private let entryPoint: EntryPoint

    /// Variable of a job's Environment that names the Python interpreter.
    public static let pythonVariable = "LOCKSTEP_PYTHON"

    /// - Parameters:
    ///   - base: `/opt/ml`, or the folder that stands for it, as the program sees it.
    ///   - cores: the host's share.
    /// - Throws: `LockstepError` that names the hyperparameter at fault.
    public init(_ plan: ProgramPlan, rank: Int, base: String, cores: Int) throws {
        let hyperparameters = ScriptHyperparameters(plan.job.hyperparameters)
        let given = plan.job.environment
        guard let program = given["SAGEMAKER_PROGRAM"] ?? hyperparameters.text("sagemaker_program") else {
            throw LockstepError(
                .configuration,
                "the job names no program: give hyperparameter sagemaker_program, or "
                    + "AlgorithmSpecification.ContainerEntrypoint")
        }
        guard let location = hyperparameters.text("sagemaker_submit_directory") else {
            throw LockstepError(
                .configuration,
                "hyperparameter sagemaker_program is \(program), but sagemaker_submit_directory, the folder "
                    + "or archive that holds it, is missing")
        }
        code = try SourceCode(location, plan.job)
        entryPoint = try EntryPoint(program, in: code)
        directory = base + "/code"
        arguments = entryPoint.command(
            python: given[Self.pythonVariable] ?? "python3", arguments: hyperparameters.arguments,
            usesMPI: plan.kind == .mpi, base: base)
        let variables = ScriptVariables(
            plan, rank: rank, base: base, cores: cores, program: program,
            hyperparameters: hyperparameters)
        var environment = variables.all
        environment["PYTHONPATH"] = [directory, PythonPackage.folder(base)].joined(separator: ":")
        // Lines reach the log, and metrics the job, when they are printed.
        environment["PYTHONUNBUFFERED"] = given["PYTHONUNBUFFERED"] ?? "1"
        self.environment = environment
    }

    /// Puts the code where `directory` is for the program.
    ///
    /// - Parameter folder: that folder as this process sees it.
    /// - Returns: what is no code and stays away, each with its reason.
    @discardableResult
    public func unpackCode(into folder: String) throws -> [String] {
        let omitted = try code.unpack(into: folder)
        guard entryPoint.isCommand else { return omitted }
        let path = folder + "/" + entryPoint.path
        guard chmod(path, 0o755) == 0 else { throw LockstepError.system("make executable", path) }
        return omitted
    }
}
