import Diagnostics
import Foundation
import JSON

extension JobSpec {
    /// The one text of this specification: JSON with sorted members, absent where there is no value.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self))
    }

    /// Reads a specification, to the last member: one that this program does not know could change what the
    /// job is.
    ///
    /// - Parameter source: what messages call the text.
    /// - Throws: `LockstepError(.configuration)` for a version that this program does not read, `.damaged`
    ///   naming the member for a text that is no specification.
    public init(decoding bytes: [UInt8], source: String) throws {
        guard let value = try? JSONValue(parsing: Data(bytes)), case .integer(let version)? = value["version"]
        else { throw LockstepError(.damaged, "\(source) is no job specification") }
        guard version == Self.currentVersion else {
            throw LockstepError(
                .configuration,
                "\(source) is a job specification of version \(version), but this program reads version "
                    + "\(Self.currentVersion): use programs of one release, and build your own anew")
        }
        do {
            self = try JSONDecoder().decode(JobSpec.self, from: Data(bytes))
        } catch {
            throw LockstepError(.damaged, "\(source) is no job specification", cause: error)
        }
        if let stranger = try value.stranger(to: JSONValue(encoding: self)) {
            throw LockstepError(
                .damaged, "\(source) has a member \(stranger), which no job specification has")
        }
    }

    /// Whether a text is meant as a specification: a request has other members.
    public static func isSpecification(_ bytes: [UInt8]) -> Bool {
        let value = try? JSONValue(parsing: Data(bytes))
        return value?["version"] != nil && value?["work"] != nil
    }
}

extension JSONValue {
    /// Path of the first member that `other` does not have at the same place.
    fileprivate func stranger(to other: JSONValue) -> String? {
        switch (self, other) {
        case (.object(let own), .object(let known)):
            for (name, value) in own.sorted(by: { $0.key < $1.key }) {
                guard let counterpart = known[name] else { return name }
                if let below = value.stranger(to: counterpart) { return name + "." + below }
            }
            return nil
        case (.array(let own), .array(let known)):
            for (index, (value, counterpart)) in zip(own, known).enumerated() {
                if let below = value.stranger(to: counterpart) { return "\(index).\(below)" }
            }
            return nil
        default: return nil
        }
    }
}
