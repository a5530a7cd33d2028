/// A search: resources of a kind that fulfil an expression over their members.
public struct SearchQuery: Sendable {
    /// What stands behind a property's name.
    public enum Property: Sendable, Equatable {
        case name, arn, status, created, modified, version, scope
        /// A member of the document, by its path.
        case member([String])
        /// The value of a tag.
        case tag(String)
        /// The name of a resource from which an edge of the family leads here; `[]`: itself, else the
        /// member of its document at the path.
        case parent(family: String, [String])
    }

    /// How a property is compared.
    public enum Operator: String, Sendable {
        case equals = "Equals", notEquals = "NotEquals", greaterThan = "GreaterThan"
        case greaterThanOrEqualTo = "GreaterThanOrEqualTo", lessThan = "LessThan"
        case lessThanOrEqualTo = "LessThanOrEqualTo", contains = "Contains", exists = "Exists"
        case notExists = "NotExists", isIn = "In"
    }

    /// What a resource has to fulfil.
    public indirect enum Expression: Sendable, Equatable {
        case filter(Property, Operator, String)
        /// One element of the list at the path fulfils all filters, whose paths begin at the element.
        case element(of: [String], [ElementFilter])
        case all([Expression])
        case any([Expression])
    }

    /// A comparison within an element of a list.
    public struct ElementFilter: Sendable, Equatable {
        public var path: [String]
        public var comparison: Operator
        public var value: String
        public init(path: [String], comparison: Operator, value: String) {
            self.path = path
            self.comparison = comparison
            self.value = value
        }
    }

    public var kind: String
    public var expression: Expression
    public var order: Property
    public var isDescending: Bool
    /// Most resources of a page.
    public var limit: Int
    /// What an earlier page of the same query gave.
    public var token: String?

    public init(
        kind: String, expression: Expression = .all([]), order: Property = .modified,
        isDescending: Bool = true, limit: Int = 100, token: String? = nil
    ) {
        self.kind = kind
        self.expression = expression
        self.order = order
        self.isDescending = isDescending
        self.limit = limit
        self.token = token
    }
}
