import GRDB
import JSON

/// Which edges a list shows, and in which order.
public struct EdgeQuery: Sendable {
    /// What a list may be sorted by.
    public enum SortKey: String, Sendable {
        case source, target, sourceType = "source_type", targetType = "target_type", created
    }

    public var family: String
    public var source: String?
    public var target: String?
    public var sourceType: String?
    public var targetType: String?
    public var label: String?
    /// Seconds since 1970, as `createdBefore`.
    public var createdAfter: Double?
    public var createdBefore: Double?
    public var sortKey = SortKey.created
    public var isDescending = false
    public var limit = 10
    public var token: String?

    public init(family: String) { self.family = family }

    fileprivate var select: PagedSelect {
        var conditions = [SQLPart("family = ?", family)]
        for (column, value) in [
            ("source", source), ("target", target), ("source_type", sourceType),
            ("target_type", targetType), ("label", label),
        ] {
            if let value { conditions.append(SQLPart("\(column) = ?", value)) }
        }
        if let createdAfter { conditions.append(SQLPart("created > ?", [createdAfter.databaseValue])) }
        if let createdBefore { conditions.append(SQLPart("created < ?", [createdBefore.databaseValue])) }
        return PagedSelect(
            columns: "edge.*", table: "edge", conditions: conditions, order: SQLPart(sortKey.rawValue),
            isDescending: isDescending, limit: limit, token: token)
    }
}

extension StoreView {
    /// A page of the edges of a family.
    ///
    /// - Throws: `.usage` for a token that no earlier page of the query gave.
    public func edges(_ query: EdgeQuery) throws -> Page<ResourceEdge> {
        try query.select.page(database, Self.edge)
    }

    /// Edges that leave `arn`, or arrive there, at most `limit`.
    public func edges(
        _ family: String, from source: String? = nil, to target: String? = nil, limit: Int = 1000
    ) throws -> [ResourceEdge] {
        var query = EdgeQuery(family: family)
        query.source = source
        query.target = target
        query.limit = limit
        return try edges(query).elements
    }

    private static func edge(_ row: Row) throws -> ResourceEdge {
        ResourceEdge(
            family: row["family"],
            source: .init(arn: row["source"], type: row["source_type"], name: row["source_name"]),
            target: .init(arn: row["target"], type: row["target_type"], name: row["target_name"]),
            label: row["label"], created: row["created"], author: try value(row["author"]))
    }
}
