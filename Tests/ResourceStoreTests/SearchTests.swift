import JSON
import ResourceStore
import Testing

@Suite struct SearchTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var expression: SearchQuery.Expression
        var expected: [String]
        init(_ text: String, _ expression: SearchQuery.Expression, _ expected: [String]) {
            (testDescription, self.expression, self.expected) = (text, expression, expected)
        }
    }

    private static func member(
        _ path: String, _ comparison: SearchQuery.Operator, _ value: String = ""
    ) -> SearchQuery.Expression {
        .filter(.member(path.split(separator: ".").map(String.init)), comparison, value)
    }

    static let cases: [Case] = [
        Case("everything", .all([]), ["a", "b", "c"]),
        Case("equal text", member("Color", .equals, "red"), ["a"]),
        Case("equal number", member("Size.Height", .equals, "3"), ["b"]),
        Case("equal number in other words", member("Size.Height", .equals, "3.0"), ["b"]),
        Case("a text that looks like a number", member("Code", .equals, "7"), ["c"]),
        Case("truth", member("IsNew", .equals, "true"), ["a"]),
        Case("untruth", member("IsNew", .equals, "false"), ["b"]),
        Case("not equal, or not there", member("Color", .notEquals, "red"), ["b", "c"]),
        Case("greater", member("Size.Height", .greaterThan, "2"), ["b"]),
        Case("at least", member("Size.Height", .greaterThanOrEqualTo, "2"), ["a", "b"]),
        Case("less", member("Size.Height", .lessThan, "3"), ["a"]),
        Case("at most", member("Size.Height", .lessThanOrEqualTo, "3"), ["a", "b"]),
        Case("part", member("Color", .contains, "lu"), ["b"]),
        Case("there", member("Size.Height", .exists), ["a", "b"]),
        Case("not there", member("Size.Height", .notExists), ["c"]),
        Case("one of", member("Color", .isIn, "red,blue"), ["a", "b"]),
        Case("name", .filter(.name, .contains, "a"), ["a"]),
        Case("time", .filter(.created, .greaterThan, "1"), ["b", "c"]),
        Case("status", .filter(.status, .equals, "Open"), ["a", "c"]),
        Case("tag", .filter(.tag("team"), .equals, "x"), ["b"]),
        Case("tag that is there", .filter(.tag("team"), .exists, ""), ["b", "c"]),
        Case("parent", .filter(.parent(family: "f", []), .equals, "p"), ["a"]),
        Case("parent's member", .filter(.parent(family: "f", ["Color"]), .equals, "green"), ["a"]),
        Case(
            "either", .any([member("Color", .equals, "red"), .filter(.name, .equals, "c")]), ["a", "c"]),
        Case("both", .all([member("Color", .exists), member("IsNew", .equals, "false")]), ["b"]),
        Case(
            "one element fulfils all",
            .element(
                of: ["Parts"],
                [
                    .init(path: ["Name"], comparison: .equals, value: "x"),
                    .init(path: ["Weight"], comparison: .greaterThan, value: "1"),
                ]), ["b"]),
        Case("a quote in a name is no way out", member("Col\"or", .equals, "red"), ["a"]),
    ]

    private static func filled() async throws -> ResourceStore {
        let store = try ResourceStore(inMemory: "search")
        func part(_ name: String, _ weight: Int) -> JSONValue {
            .object(["Name": .string(name), "Weight": .integer(weight)])
        }
        let things = [
            StoreFixture.resource(
                "a", status: "Open", at: 1,
                document: [
                    "Color": .string("red"), "Size": .object(["Height": .integer(2)]), "IsNew": .bool(true),
                    "Parts": .array([part("x", 1), part("y", 2)]),
                ]),
            StoreFixture.resource(
                "b", status: "Shut", at: 2,
                document: [
                    "Color": .string("blue"), "Size": .object(["Height": .number(3)]), "IsNew": .bool(false),
                    "Parts": .array([part("x", 2)]),
                ]),
            StoreFixture.resource("c", status: "Open", at: 3, document: ["Code": .string("7")]),
            StoreFixture.resource("p", kind: "Parent", at: 0, document: ["Color": .string("green")]),
        ]
        try await store.write { transaction throws in
            for thing in things { #expect(try transaction.insert(thing)) }
            try transaction.setTags([ResourceTag(key: "team", value: "x")], of: things[1].arn)
            try transaction.setTags([ResourceTag(key: "team", value: "y")], of: things[2].arn)
            _ = try transaction.insert(
                ResourceEdge(
                    family: "f", source: .init(arn: things[3].arn), target: .init(arn: things[0].arn),
                    created: 1))
        }
        return store
    }

    @Test(arguments: cases) func `finds`(_ one: Case) async throws {
        let store = try await Self.filled()
        var names: [String] = []
        var query = SearchQuery(
            kind: "Thing", expression: one.expression, order: .created, isDescending: false, limit: 2)
        repeat {
            let asked = query
            let page = try await store.read { try $0.search(asked) }
            names += page.elements.map(\.name)
            query.token = page.nextToken
        } while query.token != nil
        #expect(names == one.expected)
        let asked = query
        #expect(try await store.read { try $0.count(asked) } == one.expected.count)
    }

    @Test func `sorts by members, those without first`() async throws {
        let store = try await Self.filled()
        let query = SearchQuery(kind: "Thing", order: .member(["Color"]), isDescending: false)
        #expect(try await store.read { try $0.search(query).elements.map(\.name) } == ["c", "b", "a"])
    }
}
