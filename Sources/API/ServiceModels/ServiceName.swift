/// Which of the services that are spoken here: the name of its model under `proto/aws/`.
public struct ServiceName: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// `sagemaker`, `sagemaker-runtime`.
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    public static let sagemaker = ServiceName(rawValue: "sagemaker")
    public static let sagemakerRuntime = ServiceName(rawValue: "sagemaker-runtime")
    public static let sagemakerMetrics = ServiceName(rawValue: "sagemaker-metrics")
    public static let featureStoreRuntime = ServiceName(rawValue: "sagemaker-featurestore-runtime")
    public static let logs = ServiceName(rawValue: "logs")
    /// CloudWatch.
    public static let monitoring = ServiceName(rawValue: "monitoring")
    public static let applicationAutoscaling = ServiceName(rawValue: "application-autoscaling")
    public static let s3 = ServiceName(rawValue: "s3")
    public static let sts = ServiceName(rawValue: "sts")
    public static let iam = ServiceName(rawValue: "iam")
    public static let ecr = ServiceName(rawValue: "ecr")
    /// EventBridge.
    public static let events = ServiceName(rawValue: "events")
    /// What Lockstep offers beside AWS's services.
    public static let lockstep = ServiceName(rawValue: "lockstep")

    /// All services that there is a model of.
    public static let all: [ServiceName] = [
        .sagemaker, .sagemakerRuntime, .sagemakerMetrics, .featureStoreRuntime, .logs, .monitoring,
        .applicationAutoscaling, .s3, .sts, .iam, .ecr, .events, .lockstep,
    ]
}
