import Diagnostics
import Foundation
package import RequestSigning

/// Address of a coordinator's API, and where it is from.
public struct APIEndpoint: Sendable, Equatable {
    /// `http://HOST:PORT`, without a slash at the end.
    public let url: String
    /// What named the address, for messages: `--endpoint`, `LOCKSTEP_ENDPOINT`, a file.
    public let origin: String

    /// What requests are signed with; `nil`: they are not.
    package let key: AccessKey?
    /// For the ARNs of what is made.
    package let region: String

    /// Where a coordinator listens that was told nothing else.
    public static let defaultURL = "http://127.0.0.1:7460"

    /// Finds the address: `--endpoint`, else LOCKSTEP_ENDPOINT, else `endpoint.json` in the cluster's
    /// `HomeFolder` (written by `lockstep up`), else the default.
    ///
    /// - Throws: `LockstepError(.usage)` naming the place whose text is no URL.
    public static func find(option: String?) throws -> APIEndpoint {
        try find(
            option: option, environment: ProcessInfo.processInfo.environment,
            accountHome: NSHomeDirectory())
    }

    /// The same for a given environment and home folder of the account.
    package static func find(
        option: String?, environment: [String: String], accountHome: String
    ) throws -> APIEndpoint {
        let home = HomeFolder.path(environment: environment, accountHome: accountHome)
        let keys = AccessKeyFile(coordinatorFolder: home + "/coordinator")
        if let option { return try APIEndpoint(option, origin: "--endpoint", environment, keys) }
        if let text = environment["LOCKSTEP_ENDPOINT"], !text.isEmpty {
            return try APIEndpoint(text, origin: "LOCKSTEP_ENDPOINT", environment, keys)
        }
        let file = home + "/endpoint.json"
        guard let bytes = FileManager.default.contents(atPath: file) else {
            return try APIEndpoint(defaultURL, origin: "the default", environment, keys)
        }
        guard let content = try? JSONDecoder().decode(EndpointFile.self, from: bytes) else {
            throw LockstepError(
                .usage, "\(file) is no endpoint file: remove it, or name the address with --endpoint")
        }
        return try APIEndpoint(content.api, origin: file, environment, keys)
    }

    /// - Parameter keys: those of the local cluster, for whoever may read them.
    /// - Throws: `LockstepError(.usage)` when `text` is no URL.
    private init(
        _ text: String, origin: String, _ environment: [String: String], _ keys: AccessKeyFile
    ) throws {
        var trimmed = Substring(text)
        while trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        guard let parts = URLComponents(string: String(trimmed)), let host = parts.host, !host.isEmpty,
            parts.scheme == "http" || parts.scheme == "https"
        else {
            throw LockstepError(
                .usage, "the endpoint '\(text)' (\(origin)) is no URL like \(Self.defaultURL)")
        }
        url = String(trimmed)
        self.origin = origin
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        func key(_ owner: String) -> AccessKey? {
            guard let id = value("\(owner)_ACCESS_KEY_ID"),
                let secret = value("\(owner)_SECRET_ACCESS_KEY")
            else { return nil }
            return AccessKey(accessKeyID: id, secretAccessKey: secret)
        }
        region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? "us-east-1"
        self.key = key("LOCKSTEP") ?? key("AWS") ?? (try? keys.keys().first)
    }

    /// The URL's host and port, as they stand in the Host header.
    var authority: String {
        let rest = url.drop { $0 != "/" }.dropFirst(2)
        return String(rest.prefix { $0 != "/" })
    }

    private struct EndpointFile: Decodable { var api: String }
}
