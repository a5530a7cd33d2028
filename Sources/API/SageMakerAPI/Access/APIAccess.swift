import Diagnostics
import RequestSigning

/// Who may call the API.
///
/// Over the loopback the coordinator's own user and root need no key. Everybody else signs each request
/// with one of the cluster's keys, unless `isInsecure`.
public struct APIAccess: Sendable {
    /// Takes requests from everybody who reaches the port.
    public var isInsecure: Bool
    /// Names in the Host of requests that are taken beside the address that was connected to.
    public var hostNames: [String]
    private let keyFile: AccessKeyFile?

    /// - Parameter coordinatorFolder: the data folder with the keys; `nil`: there are none.
    public init(coordinatorFolder: String? = nil, isInsecure: Bool = false, hostNames: [String] = []) {
        keyFile = coordinatorFolder.map { AccessKeyFile(coordinatorFolder: $0) }
        self.isInsecure = isInsecure
        self.hostNames = hostNames
    }

    /// Checks that an API that others can reach has a lock.
    ///
    /// - Parameter host: the address that is to be listened on.
    /// - Throws: `LockstepError(.usage)` saying what to do when it has none.
    public func check(host: String) throws {
        let hasKeys = try keyFile.map { try !$0.keys().isEmpty } ?? false
        guard !isInsecure, !hasKeys, !HostName(host).isLoopback else { return }
        throw LockstepError(
            .usage,
            "the API may not listen on \(host) without a key: make one with `lockstep keys create --data-dir "
                + "\(folder)`, or say --insecure where everybody who reaches it may start programs")
    }

    private var folder: String { keyFile.map { String($0.path.dropLast("/keys.json".count)) } ?? "FOLDER" }

    func key(_ id: String) throws -> AccessKey? {
        try keyFile?.keys().first { $0.accessKeyID == id }
    }
}
