import GRDB

extension SearchQuery {
    var select: PagedSelect {
        var conditions = [SQLPart("resource.kind = ?", kind)]
        let wanted = expression.part
        if !wanted.sql.isEmpty { conditions.append(wanted) }
        let order = self.order.value
        return PagedSelect(
            columns: "resource.*", table: "resource", conditions: conditions,
            // NULL has no place in an order.
            order: SQLPart("coalesce(\(order.sql), '')", order.arguments), isDescending: isDescending,
            limit: limit, token: token)
    }
}

extension StoreView {
    /// A page of what fulfils a search.
    ///
    /// - Throws: `.usage` for a token that no earlier page of the query gave.
    public func search(_ query: SearchQuery) throws -> Page<StoredResource> {
        try query.select.page(database, Self.resource)
    }

    /// How many resources fulfil a search.
    public func count(_ query: SearchQuery) throws -> Int { try query.select.count(database) }
}

extension SearchQuery.Expression {
    /// Empty where everything fulfils it.
    fileprivate var part: SQLPart {
        switch self {
        case .filter(let property, let comparison, let value):
            property.part(comparison, value)
        case .element(let path, let filters):
            SQLPart(
                """
                EXISTS (SELECT 1 FROM json_each(resource.document, ?) AS element
                    WHERE \(Self.all(filters)))
                """,
                [SearchQuery.jsonPath(path).databaseValue] + filters.flatMap { $0.part.arguments })
        case .all(let parts): Self.joined(parts, by: "AND")
        case .any(let parts): Self.joined(parts, by: "OR")
        }
    }

    private static func all(_ filters: [SearchQuery.ElementFilter]) -> String {
        filters.isEmpty ? "1" : filters.map { "(\($0.part.sql))" }.joined(separator: " AND ")
    }

    private static func joined(_ parts: [SearchQuery.Expression], by word: String) -> SQLPart {
        SQLPart.joined(parts.map(\.part).filter { !$0.sql.isEmpty }, by: word)
    }
}

extension SearchQuery.ElementFilter {
    fileprivate var part: SQLPart {
        // A list of texts has elements without members.
        let value =
            path.isEmpty
            ? SQLPart("element.value") : SearchQuery.member("element.value", path)
        return SearchQuery.comparison(value, comparison, self.value)
    }
}

extension SearchQuery.Property {
    /// The property as text or number.
    fileprivate var value: SQLPart {
        switch self {
        case .name: SQLPart("resource.name")
        case .arn: SQLPart("resource.arn")
        case .status: SQLPart("resource.status")
        case .created: SQLPart("resource.created")
        case .modified: SQLPart("resource.modified")
        case .version: SQLPart("resource.version")
        case .scope: SQLPart("resource.scope")
        case .member(let path): SearchQuery.member("resource.document", path)
        case .tag(let key):
            SQLPart("(SELECT tag.value FROM tag WHERE tag.arn = resource.arn AND tag.key = ?)", key)
        case .parent(let family, let path):
            SQLPart(
                "(SELECT \(Self.parent(path).sql) \(Self.parents) LIMIT 1)",
                Self.parent(path).arguments + [family.databaseValue])
        }
    }

    private static let parents =
        """
        FROM edge JOIN resource AS parent ON parent.arn = edge.source
        WHERE edge.target = resource.arn AND edge.family = ?
        """

    private static func parent(_ path: [String]) -> SQLPart {
        path.isEmpty ? SQLPart("parent.name") : SearchQuery.member("parent.document", path)
    }

    fileprivate func part(_ comparison: SearchQuery.Operator, _ text: String) -> SQLPart {
        guard case .parent(let family, let path) = self else {
            return SearchQuery.comparison(value, comparison, text)
        }
        // One parent of several is enough.
        let wanted = SearchQuery.comparison(Self.parent(path), comparison, text)
        return SQLPart(
            "EXISTS (SELECT 1 \(Self.parents) AND (\(wanted.sql)))",
            [family.databaseValue] + wanted.arguments)
    }
}

extension SearchQuery {
    /// `$."a"."b c"`: any character may stand in a member's name but the quote.
    fileprivate static func jsonPath(_ path: [String]) -> String {
        "$" + path.map { ".\"\($0.filter { $0 != "\"" })\"" }.joined()
    }

    /// A member as text or number; truth values as JSON has them.
    fileprivate static func member(_ document: String, _ path: [String]) -> SQLPart {
        let path = jsonPath(path)
        return SQLPart(
            """
            CASE json_type(\(document), ?) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'
                ELSE json_extract(\(document), ?) END
            """, path, path)
    }

    /// Numbers are compared with numbers, texts with texts.
    fileprivate static func comparison(_ value: SQLPart, _ comparison: Operator, _ text: String) -> SQLPart {
        let (sql, arguments) = ("(\(value.sql))", value.arguments)
        let operand = Double(text)?.databaseValue ?? text.databaseValue
        func compared(_ sign: String) -> SQLPart {
            SQLPart("\(sql) \(sign) ?", arguments + [operand])
        }
        switch comparison {
        case .equals: return equal(value, [text])
        case .isIn: return equal(value, text.split(separator: ",").map(String.init))
        case .notEquals:
            let same = equal(value, [text])
            return SQLPart("\(sql) IS NULL OR NOT (\(same.sql))", arguments + same.arguments)
        case .greaterThan: return compared(">")
        case .greaterThanOrEqualTo: return compared(">=")
        case .lessThan: return compared("<")
        case .lessThanOrEqualTo: return compared("<=")
        case .contains: return SQLPart("instr(\(sql), ?) > 0", arguments + [text.databaseValue])
        case .exists: return SQLPart("\(sql) IS NOT NULL", arguments)
        case .notExists: return SQLPart("\(sql) IS NULL", arguments)
        }
    }

    private static func equal(_ value: SQLPart, _ texts: [String]) -> SQLPart {
        let operands = texts.flatMap { text in
            [text.databaseValue] + (Double(text).map { [$0.databaseValue] } ?? [])
        }
        let marks = operands.map { _ in "?" }.joined(separator: ", ")
        return SQLPart("(\(value.sql)) IN (\(marks))", value.arguments + operands)
    }
}
