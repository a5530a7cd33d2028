/// Which of the services that are spoken here: the name of its model under `proto/aws/`.
public struct ServiceName: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// `sagemaker`, `sagemaker-runtime`.
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    public static let sagemaker = ServiceName(rawValue: "sagemaker")
    public static let logs = ServiceName(rawValue: "logs")
    /// What Lockstep offers beside AWS's services.
    public static let lockstep = ServiceName(rawValue: "lockstep")
}
