package import JSON

/// Where Lockstep differs from AWS's models, and why: `proto/aws/overlay.json`.
package struct Overlay: Sendable {
    package static let shared = Overlay()

    /// By service.
    private let files: [String: [String: JSONValue]]

    private init() {
        let file = ModelFile("overlay")
        var files: [String: [String: JSONValue]] = [:]
        for service in ServiceName.all {
            for name in file.names(in: service.rawValue) {
                guard let bytes = file.entry(name, in: service.rawValue),
                    let patch = try? JSONValue(parsing: bytes)
                else { preconditionFailure("proto/aws/overlay.json: \(name) is no JSON") }
                files[service.rawValue, default: [:]][name] = patch
            }
        }
        self.files = files
    }

    /// Names of the shapes of a service that differ or are Lockstep's own.
    package func names(in service: ServiceName) -> [String] { files[service.rawValue]?.keys.sorted() ?? [] }

    /// What differs in a shape.
    package func patch(of shape: String, in service: ServiceName) -> JSONValue? {
        files[service.rawValue]?[shape]
    }

    /// `base` with what `patch` says: null takes something away, members are merged by name, everything else
    /// comes in place of what was there.
    package static func merge(_ patch: JSONValue, into base: JSONValue) -> JSONValue {
        var result = base.object ?? [:]
        for (name, value) in patch.object ?? [:] where name != "why" {
            if name == "members" {
                result[name] = .array(merge(members: value.array ?? [], into: result[name]?.array ?? []))
            } else {
                result[name] = value == .null ? nil : value
            }
        }
        return .object(result)
    }

    private static func merge(members: [JSONValue], into base: [JSONValue]) -> [JSONValue] {
        var result = base
        for member in members {
            if let index = result.firstIndex(where: { $0["name"] == member["name"] }) {
                result[index] = .object((result[index].object ?? [:]).merging(member.object ?? [:]) { $1 })
            } else {
                result.append(member)
            }
        }
        return result
    }
}
