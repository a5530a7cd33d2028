/// What a job gets that does not say otherwise.
enum TrainingDefaults {
    static let instanceCount = 1
    static let instanceType = "ml.local"
    static let volumeSizeInGB = 1
    static let inputMode = "File"

    static func roleArn(account: String) -> String { "arn:aws:iam::\(account):role/lockstep" }
}
