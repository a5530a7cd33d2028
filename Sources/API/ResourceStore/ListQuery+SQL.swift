import GRDB

extension ListQuery {
    var select: PagedSelect {
        PagedSelect(
            columns: "resource.*", table: "resource",
            conditions: [SQLPart("resource.kind = ?", kind)] + conditions.map(\.part),
            order: SQLPart("resource.\(sortKey.rawValue)"), isDescending: isDescending, limit: limit,
            token: token)
    }
}

extension ListQuery.Condition {
    fileprivate var part: SQLPart {
        switch self {
        case .scope(let scope): SQLPart("resource.scope = ?", scope)
        case .name(let name): SQLPart("resource.name = ?", name)
        case .nameContains(let text): SQLPart("instr(resource.name, ?) > 0", text)
        case .namePrefix(let text): SQLPart("instr(resource.name, ?) = 1", text)
        case .status(let status): SQLPart("resource.status = ?", status)
        case .createdAfter(let time): SQLPart("resource.created > ?", [time.databaseValue])
        case .createdBefore(let time): SQLPart("resource.created < ?", [time.databaseValue])
        case .modifiedAfter(let time): SQLPart("resource.modified > ?", [time.databaseValue])
        case .modifiedBefore(let time): SQLPart("resource.modified < ?", [time.databaseValue])
        case .isVersioned(let isVersioned):
            SQLPart("resource.version \(isVersioned ? ">" : "=") 0")
        case .isNewest: Self.newest
        case .facet(let name, let value): Self.facet(name, value)
        case .isTarget(let family, let arn):
            SQLPart("resource.arn IN (SELECT target FROM edge WHERE family = ? AND source = ?)", family, arn)
        case .isSource(let family, let arn):
            SQLPart("resource.arn IN (SELECT source FROM edge WHERE family = ? AND target = ?)", family, arn)
        case .isTargetOf(let family, let kind, let facet, let value):
            SQLPart(
                """
                resource.arn IN (SELECT target FROM edge
                    JOIN resource AS parent ON parent.arn = edge.source
                    JOIN facet ON facet.resource = parent.ordinal
                    WHERE edge.family = ? AND facet.kind = ? AND facet.name = ? AND facet.value = ?)
                """, family, kind, facet, value)
        }
    }

    private static var newest: SQLPart {
        SQLPart(
            """
            NOT EXISTS (SELECT 1 FROM resource AS newer WHERE newer.kind = resource.kind
                AND newer.scope = resource.scope AND newer.name = resource.name
                AND newer.version > resource.version)
            """)
    }

    private static func facet(_ name: String, _ value: String) -> SQLPart {
        SQLPart(
            """
            EXISTS (SELECT 1 FROM facet WHERE facet.kind = resource.kind AND facet.name = ?
                AND facet.value = ? AND facet.resource = resource.ordinal)
            """, name, value)
    }
}
