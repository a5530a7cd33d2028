/// How a job's own code is run: a *program* is a command that the job names in place of a built-in
/// algorithm.
public enum ProgramKind: String, Codable, Sendable, CaseIterable {
    /// One process a host, after SageMaker's contract for containers.
    case script
    /// Ranks of one MPI world, each after the same contract.
    case mpi
    /// A binary built with `LockstepTraining`: a rank like those of the built-in algorithms.
    case algorithm
}
