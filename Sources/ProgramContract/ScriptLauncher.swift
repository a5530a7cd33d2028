import Diagnostics

/// Makes the command of a script-mode job.
public struct ScriptLauncher {
    public var arguments: [String] = []
    public var environment: [String: String] = [:]
    public var directory: String
    /// - Parameter base: `/opt/ml`, or what stands for it.
    public init(_ plan: ProgramPlan, rank: Int, base: String) throws {
        directory = base + "/code"
        throw LockstepError(.configuration, "AlgorithmSpecification.ContainerEntrypoint is missing")
    }

    public func unpackCode(into folder: String) throws {}
}
