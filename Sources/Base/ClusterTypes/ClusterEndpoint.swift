/// Where a coordinator listens, for as long as it does: `endpoints.json` in its data folder, and
/// `endpoint.json` in the folder of a local cluster.
public struct ClusterEndpoint: Codable, Sendable, Equatable {
    /// URL of the public API.
    public var api: String
    /// ADDRESS:PORT of the control channel.
    public var control: String
    /// Of the process that listens.
    public var pid: Int32
    /// User that jobs run as, where that is another than the one who started a local cluster.
    public var runAs: String?

    public init(api: String, control: String, pid: Int32, runAs: String? = nil) {
        self.api = api
        self.control = control
        self.pid = pid
        self.runAs = runAs
    }
}
