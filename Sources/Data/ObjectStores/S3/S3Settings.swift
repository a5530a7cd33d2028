import Diagnostics
import Foundation

/// How a program reaches S3: from the variables and files that AWS's tools read.
package struct S3Settings: Sendable, Codable, Equatable {
    /// `https://HOST[:PORT]`, without a slash at the end.
    package var endpoint: String
    package var region: String
    /// `nil`: requests are not signed.
    package var keys: S3Keys?
    /// Whether the bucket is the first part of the path, not of the host's name.
    package var usesPathStyle: Bool

    package init(endpoint: String, region: String, keys: S3Keys?, usesPathStyle: Bool = true) {
        self.endpoint = endpoint
        self.region = region
        self.keys = keys
        self.usesPathStyle = usesPathStyle
    }

    /// Variables that say how to reach S3, for daemons that pass them on by name.
    package static let variables = [
        "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
    ]

    /// Variables first; then the profile AWS_PROFILE, or `default`, of the shared files.
    ///
    /// - Parameter read: a file's text; `nil` where there is none.
    /// - Throws: `LockstepError(.configuration)` naming the variable or file at fault.
    package init(
        environment: [String: String],
        read: (String) -> String? = { try? String(contentsOfFile: $0, encoding: .utf8) }
    ) throws {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = (value("HOME") ?? "/root") + "/.aws/"
        let profile = value("AWS_PROFILE") ?? "default"
        let shared = read(value("AWS_SHARED_CREDENTIALS_FILE") ?? home + "credentials")
            .map { ProfileFile.settings(of: profile, in: $0) }
        let config = read(value("AWS_CONFIG_FILE") ?? home + "config")
            .map { ProfileFile.settings(of: profile, in: $0) }
        if value("AWS_PROFILE") != nil, shared ?? nil == nil, config ?? nil == nil {
            throw LockstepError(
                .configuration, "AWS_PROFILE is \(profile), but no such profile is in AWS's shared files")
        }
        let file = ((config ?? nil) ?? [:]).merging((shared ?? nil) ?? [:]) { $1 }
        region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? file["region"] ?? "us-east-1"
        let own = value("AWS_ENDPOINT_URL_S3") ?? value("AWS_ENDPOINT_URL") ?? file["endpoint_url"]
        endpoint = try own.map(Self.checked) ?? "https://s3.\(region).amazonaws.com"
        usesPathStyle = true
        keys = try Self.keys(
            id: value("AWS_ACCESS_KEY_ID"), secret: value("AWS_SECRET_ACCESS_KEY"),
            token: value("AWS_SESSION_TOKEN"), file)
    }

    private static func keys(
        id: String?, secret: String?, token: String?, _ file: [String: String]
    ) throws -> S3Keys? {
        guard (id == nil) == (secret == nil) else {
            throw LockstepError(
                .configuration,
                "\(id == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY") is not set though the other "
                    + "half of the key is: set both or none")
        }
        if let id, let secret { return S3Keys(id: id, secret: secret, token: token) }
        guard let id = file["aws_access_key_id"], let secret = file["aws_secret_access_key"] else {
            return nil
        }
        return S3Keys(id: id, secret: secret, token: file["aws_session_token"])
    }

    private static func checked(_ url: String) throws -> String {
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), URL(string: url)?.host != nil else {
            throw LockstepError(
                .configuration, "the S3 endpoint is \(url): it must be http://HOST:PORT or https://HOST")
        }
        return url
    }
}

/// What requests to S3 are signed with.
package struct S3Keys: Sendable, Codable, Equatable {
    package var id: String
    package var secret: String
    /// Of keys that are good for a while only.
    package var token: String?

    package init(id: String, secret: String, token: String? = nil) {
        self.id = id
        self.secret = secret
        self.token = token
    }
}

/// The form of `~/.aws/credentials` and `~/.aws/config`.
enum ProfileFile {
    /// - Returns: `nil` where the profile is not there.
    static func settings(of profile: String, in text: String) -> [String: String]? {
        var found: [String: String]?
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("["), line.hasSuffix("]") {
                let name = line.dropFirst().dropLast().trimmingCharacters(in: .whitespaces)
                isInside = name == profile || name == "profile \(profile)"
                if isInside, found == nil { found = [:] }
            } else if isInside, !line.hasPrefix("#"), !line.hasPrefix(";"),
                let equals = line.firstIndex(of: "=")
            {
                let name = line[..<equals].trimmingCharacters(in: .whitespaces)
                found?[name] = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
            }
        }
        return found
    }
}
