import GRDB

/// A SELECT in pieces: conditions, an order with a tie-breaker, and where the page before ended.
struct PagedSelect {
    var columns: String
    var table: String
    var conditions: [SQLPart] = []
    /// Expression to sort by.
    var order: SQLPart
    var isDescending: Bool
    var limit: Int
    var token: String?

    /// The page, each row made an element, and the token of the next one.
    func page<Element: Sendable>(
        _ database: Database, _ element: (Row) throws -> Element
    ) throws -> Page<Element> {
        let query = PageToken.fingerprint(
            [table, order.description, "\(isDescending)"] + conditions.map(\.description))
        var parts = conditions
        if let token {
            let token = try PageToken(token, query: query)
            parts.append(
                SQLPart(
                    "(\(order.sql), \(table).ordinal) \(isDescending ? "<" : ">") (?, ?)",
                    order.arguments + [token.place, token.ordinal.databaseValue]))
        }
        let direction = isDescending ? "DESC" : "ASC"
        let wanted = parts.isEmpty ? "" : "WHERE " + parts.map { "(\($0.sql))" }.joined(separator: " AND ")
        let arguments =
            order.arguments + parts.flatMap(\.arguments) + order.arguments + [(limit + 1).databaseValue]
        var rows = try Row.fetchAll(
            database,
            sql: """
                SELECT \(columns), \(table).ordinal AS page_ordinal, \(order.sql) AS page_place
                FROM \(table) \(wanted)
                ORDER BY \(order.sql) \(direction), \(table).ordinal \(direction) LIMIT ?
                """, arguments: StatementArguments(arguments))
        let isLast = rows.count <= limit
        if !isLast { rows.removeLast(rows.count - limit) }
        let elements = try rows.map(element)
        guard !isLast, let last = rows.last else { return Page(elements: elements) }
        let next = PageToken(query: query, place: last["page_place"], ordinal: last["page_ordinal"])
        return Page(elements: elements, nextToken: try next.encoded())
    }

    /// How many rows all pages have together.
    func count(_ database: Database) throws -> Int {
        let wanted =
            conditions.isEmpty ? "" : "WHERE " + conditions.map { "(\($0.sql))" }.joined(separator: " AND ")
        return try Int.fetchOne(
            database, sql: "SELECT count(*) FROM \(table) \(wanted)",
            arguments: StatementArguments(conditions.flatMap(\.arguments))) ?? 0
    }
}

/// A piece of SQL with what stands for its question marks.
struct SQLPart: CustomStringConvertible {
    var sql: String
    var arguments: [DatabaseValue]

    init(_ sql: String, _ arguments: [DatabaseValue] = []) {
        self.sql = sql
        self.arguments = arguments
    }

    init(_ sql: String, _ texts: String...) {
        self.init(sql, texts.map(\.databaseValue))
    }

    var description: String { sql + arguments.map { "\u{1}\($0)" }.joined() }

    /// All of the parts, or one of them.
    static func joined(_ parts: [SQLPart], by word: String) -> SQLPart {
        SQLPart(parts.map { "(\($0.sql))" }.joined(separator: " \(word) "), parts.flatMap(\.arguments))
    }
}
