public import JSON

/// Something that a client made and the store keeps: its document, and what lists filter and sort by.
public struct StoredResource: Sendable, Equatable {
    /// Which kind of resource: `Model`.
    public var kind: String
    /// What its name is unique in: the id of a domain, the name of an image; empty for most kinds.
    public var scope: String
    public var name: String
    /// From 1 on; 0 for kinds without versions.
    public var version: Int
    public var arn: String
    /// Its kind's word for how it is; empty for kinds that have none.
    public var status: String
    /// Seconds since 1970.
    public var created: Double
    /// Seconds since 1970 of the last change.
    public var modified: Double
    /// Constant over the repetitions of the call that made it.
    public var token: String?
    /// Its members, as they are described.
    public var document: JSONValue
    /// What lists filter by, beside name, times and status: `ActionType`.
    public var facets: [String: String] = [:]

    public init(
        kind: String, scope: String = "", name: String, version: Int = 0, arn: String, status: String = "",
        created: Double, modified: Double? = nil, token: String? = nil, document: JSONValue
    ) {
        self.kind = kind
        self.scope = scope
        self.name = name
        self.version = version
        self.arn = arn
        self.status = status
        self.created = created
        self.modified = modified ?? created
        self.token = token
        self.document = document
    }
}

/// A label on a resource, or on anything else with an ARN.
public struct ResourceTag: Sendable, Equatable {
    public var key: String
    public var value: String
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A directed link between two ARNs.
public struct ResourceEdge: Sendable, Equatable {
    /// An end of an edge, with what lists of edges show of it.
    public struct End: Sendable, Equatable {
        public var arn: String
        /// The type of what is there: an action's `ActionType`.
        public var type: String
        public var name: String
        public init(arn: String, type: String = "", name: String = "") {
            self.arn = arn
            self.type = type
            self.name = name
        }
    }

    /// Which links: those of one family are unique between two ends.
    public var family: String
    public var source: End
    public var target: End
    /// What the source is to the target: `ContributedTo`.
    public var label: String
    /// Seconds since 1970.
    public var created: Double
    /// Who made it, as the API shows it.
    public var author: JSONValue

    public init(
        family: String, source: End, target: End, label: String = "", created: Double,
        author: JSONValue = .null
    ) {
        self.family = family
        self.source = source
        self.target = target
        self.label = label
        self.created = created
        self.author = author
    }
}
