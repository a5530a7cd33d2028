/// Which resources of a kind a list shows, and in which order.
public struct ListQuery: Sendable {
    /// What a list may be sorted by. Equals keep the order in which they were made.
    public enum SortKey: String, Sendable {
        case name, created, modified, status, version
    }

    /// What a resource has to be to stand in the list. Times are seconds since 1970.
    public enum Condition: Sendable, Equatable {
        case scope(String)
        case name(String)
        case nameContains(String)
        case namePrefix(String)
        case status(String)
        case createdAfter(Double)
        case createdBefore(Double)
        case modifiedAfter(Double)
        case modifiedBefore(Double)
        case facet(String, String)
        /// It has a version, or it has none.
        case isVersioned(Bool)
        /// Of several versions the newest.
        case isNewest
        /// An edge of the family leads to it from this ARN.
        case isTarget(family: String, of: String)
        /// An edge of the family leads from it to this ARN.
        case isSource(family: String, of: String)
        /// An edge leads to it from a resource of the kind with this facet.
        case isTargetOf(family: String, kind: String, facet: String, value: String)
    }

    public var kind: String
    public var conditions: [Condition]
    public var sortKey: SortKey
    public var isDescending: Bool
    /// Most resources of a page.
    public var limit: Int
    /// What an earlier page of the same query gave.
    public var token: String?

    public init(
        kind: String, conditions: [Condition] = [], sortKey: SortKey = .created,
        isDescending: Bool = false, limit: Int = 10, token: String? = nil
    ) {
        self.kind = kind
        self.conditions = conditions
        self.sortKey = sortKey
        self.isDescending = isDescending
        self.limit = limit
        self.token = token
    }
}

/// A part of a list, and how to ask for the next one.
public struct Page<Element: Sendable>: Sendable {
    public var elements: [Element]
    /// `nil`: this is the last page.
    public var nextToken: String?
    public init(elements: [Element], nextToken: String? = nil) {
        self.elements = elements
        self.nextToken = nextToken
    }
}
