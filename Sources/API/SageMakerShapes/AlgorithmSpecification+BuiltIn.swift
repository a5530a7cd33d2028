extension AlgorithmSpecification {
    /// Name of the built-in algorithm that AlgorithmName or TrainingImage asks for; `nil` when both
    /// are missing.
    public var builtInName: String? {
        (algorithmName ?? trainingImage).map(Self.builtInName(in:))
    }

    /// `kmeans` of `kmeans`, `174872318107.dkr.ecr.us-west-2.amazonaws.com/kmeans:1` or
    /// `arn:aws:sagemaker:us-east-1:000000000000:algorithm/kmeans`.
    public static func builtInName(in text: String) -> String {
        let last = text.split(separator: "/").last.map(String.init) ?? text
        return last.split(separator: "@").first?.split(separator: ":").first.map(String.init) ?? last
    }
}
