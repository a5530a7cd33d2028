import JobSpecs

extension AlgorithmSpecification {
    /// Name of the built-in algorithm that AlgorithmName or TrainingImage asks for; `nil` when both
    /// are missing.
    public var builtInName: String? {
        (algorithmName ?? trainingImage).map(ImageName.repository(in:))
    }
}
