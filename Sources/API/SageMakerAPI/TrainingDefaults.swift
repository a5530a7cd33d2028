/// What a job gets that does not say otherwise.
enum TrainingDefaults {
    static let instanceCount = 1
    static let instanceType = "ml.local"
    static let volumeSizeInGB = 1
    /// One day, as in SageMaker.
    static let maxRuntimeSeconds = 86_400
    /// The most that RetryStrategy allows: a job is meant to survive faults that are not its own.
    static let maximumRestarts = 30
    static let inputMode = "File"

    static func roleArn(account: String) -> String { "arn:aws:iam::\(account):role/lockstep" }
}
