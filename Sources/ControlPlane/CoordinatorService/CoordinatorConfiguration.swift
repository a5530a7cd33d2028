package import JobLifecycle
package import JobSpecs

/// All that a coordinator is told.
package struct CoordinatorConfiguration: Sendable {
    package var dataFolder: String
    package var host: String
    /// TCP port of the control channel; 0 lets the system choose.
    package var port: Int
    package var tokenFile: String
    /// A worker that is silent for so long is lost.
    package var leaseSeconds: Double
    /// How often workers report.
    package var heartbeatSeconds: Double
    /// How long jobs that are over are remembered.
    package var retention: Retention

    /// Makes the job out of a request that an earlier release has stored, and its ARN; `nil`: nobody can.
    package var readRequest: (@Sendable (_ request: String, _ arn: String) throws -> JobSpec)?

    package static let defaultLeaseSeconds = 5.0
    package static let defaultHeartbeatSeconds = 1.0

    package init(
        dataFolder: String, host: String, port: Int, tokenFile: String,
        leaseSeconds: Double = defaultLeaseSeconds, heartbeatSeconds: Double = defaultHeartbeatSeconds,
        retention: Retention = .standard,
        readRequest: (@Sendable (_ request: String, _ arn: String) throws -> JobSpec)? = nil
    ) {
        self.retention = retention
        self.readRequest = readRequest
        self.dataFolder = dataFolder
        self.host = host
        self.port = port
        self.tokenFile = tokenFile
        self.leaseSeconds = leaseSeconds
        self.heartbeatSeconds = heartbeatSeconds
    }

    var storeFile: String { dataFolder + "/lockstep.sqlite" }
    var lockFile: String { dataFolder + "/coordinator.lock" }
}
