import Diagnostics
import Foundation

/// Address of a coordinator's API, and where it is from.
public struct APIEndpoint: Sendable, Equatable {
    /// `http://HOST:PORT`, without a slash at the end.
    public let url: String
    /// What named the address, for messages: `--endpoint`, `LOCKSTEP_ENDPOINT`, a file.
    public let origin: String

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
        if let option { return try APIEndpoint(option, origin: "--endpoint") }
        if let text = environment["LOCKSTEP_ENDPOINT"], !text.isEmpty {
            return try APIEndpoint(text, origin: "LOCKSTEP_ENDPOINT")
        }
        let home = HomeFolder.path(environment: environment, accountHome: accountHome)
        let file = home + "/endpoint.json"
        guard let bytes = FileManager.default.contents(atPath: file) else {
            return try APIEndpoint(defaultURL, origin: "the default")
        }
        guard let content = try? JSONDecoder().decode(EndpointFile.self, from: bytes) else {
            throw LockstepError(
                .usage, "\(file) is no endpoint file: remove it, or name the address with --endpoint")
        }
        return try APIEndpoint(content.api, origin: file)
    }

    /// - Throws: `LockstepError(.usage)` when `text` is no URL.
    init(_ text: String, origin: String) throws {
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
    }

    private struct EndpointFile: Decodable { var api: String }
}
