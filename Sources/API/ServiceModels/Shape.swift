import FoundationEssentials
import JSON

/// A type of a service's model, with its limits.
public final class Shape: Sendable, Decodable {
    public enum Kind: String, Sendable, Decodable {
        case structure, list, map, string, integer, long, float, double, boolean, timestamp, blob
        /// Any JSON value.
        case document
    }

    public let kind: Kind
    /// Bounds of a number; of the length of anything else.
    public let least: Limit?
    public let most: Limit?
    /// A regular expression for the whole of a text.
    public let pattern: String?
    /// The words that a text may be; empty: all.
    public let words: [String]
    /// Members of a structure, in the model's order.
    public let members: [Member]
    /// Elements of a list.
    public let element: Member?
    public let key: Member?
    public let value: Member?
    /// The member that is the body of a message, in protocols that have such.
    public let payload: String?
    /// Whether an error of the service has this shape.
    public let isException: Bool
    /// How the error is told: its code and its HTTP status.
    public let error: ErrorTraits?
    /// Whether at most one member may be there.
    public let isUnion: Bool
    /// Whether a list's elements stand in XML without one around them.
    public let isFlattened: Bool
    /// Name of the list's elements in XML, or of the structure itself.
    public let locationName: String?
    public let timestampFormat: String?
    public let xmlNamespace: XMLNamespace?

    private let memberByName: [String: Member]
    let textPattern: TextPattern?

    /// Code and status of an error.
    public struct ErrorTraits: Sendable, Decodable {
        public let code: String?
        public let httpStatusCode: Int?
        public let senderFault: Bool?
    }

    public struct XMLNamespace: Sendable, Decodable {
        public let uri: String
        public let prefix: String?
    }

    enum CodingKeys: String, CodingKey {
        case type, min, max, pattern, `enum`, members, member, key, value, payload, exception, error, union
        case flattened, locationName, timestampFormat, xmlNamespace
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func optional<Value: Decodable>(_ key: CodingKeys, _ type: Value.Type = Value.self) throws -> Value? {
            try container.decodeIfPresent(type, forKey: key)
        }
        // Models have names for some types that are others with something on top.
        let type = try container.decode(String.self, forKey: .type)
        kind = Kind(rawValue: type == "character" ? "string" : type) ?? .document
        least = try optional(.min)
        most = try optional(.max)
        let pattern: String? = try optional(.pattern)
        self.pattern = pattern
        words = try optional(.enum) ?? []
        members = try optional(.members) ?? []
        element = try optional(.member)
        key = try optional(.key)
        value = try optional(.value)
        payload = try optional(.payload)
        error = try optional(.error)
        isException = try optional(.exception) ?? false
        isUnion = try optional(.union) ?? false
        isFlattened = try optional(.flattened) ?? false
        locationName = try optional(.locationName)
        timestampFormat = try optional(.timestampFormat)
        xmlNamespace = try optional(.xmlNamespace)
        memberByName = Dictionary(members.map { ($0.name, $0) }) { first, _ in first }
        textPattern = try pattern.map { try TextPattern($0) }
    }

    public func member(_ name: String) -> Member? { memberByName[name] }
}

/// A member of a structure, or what a list or map holds.
public struct Member: Sendable, Decodable {
    /// Empty for what a list or map holds.
    public let name: String
    /// Name of its shape in the model.
    public let shape: String
    public let isRequired: Bool
    /// `header`, `headers`, `querystring`, `uri`, `statusCode`; `nil`: in the body.
    public let location: String?
    /// Its name there.
    public let locationName: String?
    public let isFlattened: Bool
    public let isXMLAttribute: Bool
    public let isJSONText: Bool
    public let timestampFormat: String?
    public let xmlNamespace: Shape.XMLNamespace?

    enum CodingKeys: String, CodingKey {
        case name, shape, required, location, locationName, flattened, xmlAttribute, jsonvalue
        case timestampFormat, xmlNamespace
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
        shape = try container.decode(String.self, forKey: .shape)
        isRequired = try container.decodeIfPresent(Bool.self, forKey: .required) ?? false
        location = try container.decodeIfPresent(String.self, forKey: .location)
        locationName = try container.decodeIfPresent(String.self, forKey: .locationName)
        isFlattened = try container.decodeIfPresent(Bool.self, forKey: .flattened) ?? false
        isXMLAttribute = try container.decodeIfPresent(Bool.self, forKey: .xmlAttribute) ?? false
        isJSONText = try container.decodeIfPresent(Bool.self, forKey: .jsonvalue) ?? false
        timestampFormat = try container.decodeIfPresent(String.self, forKey: .timestampFormat)
        xmlNamespace = try container.decodeIfPresent(Shape.XMLNamespace.self, forKey: .xmlNamespace)
    }

    /// Its name on the wire.
    public var wireName: String { locationName ?? name }
}

/// A bound, as the model writes it.
public enum Limit: Sendable, Equatable, Decodable, CustomStringConvertible {
    case integer(Int)
    case real(Double)

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else {
            self = .real(try container.decode(Double.self))
        }
    }

    public var real: Double {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        }
    }

    /// As a whole number, for counts.
    public var count: Int {
        switch self {
        case .integer(let value): value
        case .real(let value): Int(exactly: value.rounded()) ?? (value < 0 ? .min : .max)
        }
    }

    public var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        }
    }
}
