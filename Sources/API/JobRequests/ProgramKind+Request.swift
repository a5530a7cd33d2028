import Diagnostics
public import JobSpecs
public import SageMakerShapes

extension ProgramKind {
    /// - Returns: `nil` when the job asks for a built-in algorithm.
    /// - Throws: `LockstepError(.configuration)` for a LOCKSTEP_PROGRAM that is none of the kinds, or one
    ///   that comes without a command.
    public init?(_ request: CreateTrainingJobRequest) throws {
        let hasCommand = request.algorithmSpecification?.containerEntrypoint != nil
        let script = Self.text(request, "sagemaker_program")
        guard let said = request.environment?[JobVariables.program] else {
            guard hasCommand || script != nil else { return nil }
            let usesMPI = Self.text(request, "sagemaker_mpi_enabled")?.lowercased() == "true"
            self = usesMPI ? .mpi : .script
            return
        }
        guard let kind = Self(rawValue: said) else {
            throw LockstepError(
                .configuration,
                "\(JobVariables.program) in Environment is '\(said)', but must be one of algorithm, mpi, "
                    + "script")
        }
        guard hasCommand || (script != nil && kind != .algorithm) else {
            throw LockstepError(
                .configuration,
                "\(JobVariables.program) in Environment is \(said), but the job names no program: give "
                    + "AlgorithmSpecification.ContainerEntrypoint"
                    + (kind == .algorithm ? "" : ", or hyperparameter sagemaker_program"))
        }
        self = kind
    }

    /// Ranks of a job: its InstanceCount, and for MPI programs as many times
    /// sagemaker_mpi_num_of_processes_per_host.
    ///
    /// - Throws: `LockstepError(.configuration)` when that is no number, or the product is out of range.
    public static func rankCount(_ request: CreateTrainingJobRequest) throws -> Int {
        let hosts = request.resourceConfig?.instanceCount ?? 1
        let name = "sagemaker_mpi_num_of_processes_per_host"
        guard try Self(request) == .mpi, let said = text(request, name) else { return hosts }
        guard let each = Int(said), (1...1024).contains(each) else {
            throw LockstepError(
                .configuration, "hyperparameter \(name) is '\(said)', but must be 1 to 1024")
        }
        return hosts * each
    }

    private static func text(_ request: CreateTrainingJobRequest, _ name: String) -> String? {
        request.hyperParameters?[name].map(JobSpec.unquoted)
    }
}
