import Diagnostics
import JSON
import ResourceStore
import Testing

@Suite struct ListTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var conditions: [ListQuery.Condition] = []
        var sortKey = ListQuery.SortKey.created
        var isDescending = false
        var expected: [String]
    }

    /// (name, status, time), `c` in two versions.
    private static let things: [StoredResource] = [
        StoreFixture.resource("b", status: "Open", at: 1), StoreFixture.resource("ab", status: "Shut", at: 2),
        StoreFixture.resource("c", version: 1, status: "Open", at: 2),
        StoreFixture.resource("c", version: 2, status: "Open", at: 3),
        StoreFixture.resource("a", scope: "s", status: "Open", at: 4),
    ]

    static let cases: [Case] = [
        Case(testDescription: "oldest first, equals as made", expected: ["b", "ab", "c", "c", "a"]),
        Case(testDescription: "newest first", isDescending: true, expected: ["a", "c", "c", "ab", "b"]),
        Case(testDescription: "by name", sortKey: .name, expected: ["a", "ab", "b", "c", "c"]),
        Case(
            testDescription: "by status, downwards", sortKey: .status, isDescending: true,
            expected: ["ab", "a", "c", "c", "b"]),
        Case(testDescription: "part of a name", conditions: [.nameContains("b")], expected: ["b", "ab"]),
        Case(testDescription: "a wildcard is a character", conditions: [.nameContains("%")], expected: []),
        Case(testDescription: "begin of a name", conditions: [.namePrefix("a")], expected: ["ab", "a"]),
        Case(
            testDescription: "between two times", conditions: [.createdAfter(1), .createdBefore(3)],
            expected: ["ab", "c"]),
        Case(testDescription: "in a scope", conditions: [.scope("s")], expected: ["a"]),
        Case(testDescription: "newest versions", conditions: [.isNewest], expected: ["b", "ab", "c", "a"]),
        Case(testDescription: "with versions", conditions: [.isVersioned(true)], expected: ["c", "c"]),
        Case(testDescription: "status", conditions: [.status("Shut")], expected: ["ab"]),
        Case(testDescription: "edges", conditions: [.isTarget(family: "f", of: "arn:p")], expected: ["b"]),
        Case(
            testDescription: "edges of resources with a facet",
            conditions: [.isTargetOf(family: "f", kind: "Parent", facet: "Color", value: "red")],
            expected: ["ab"]),
    ]

    private static func filled() async throws -> ResourceStore {
        let store = try ResourceStore(inMemory: "lists")
        var parent = StoreFixture.resource("p", kind: "Parent", at: 0)
        parent.facets = ["Color": "red"]
        let made = parent
        try await store.write { transaction throws in
            for thing in things { #expect(try transaction.insert(thing)) }
            _ = try transaction.insert(made)
            for (source, target) in [("arn:p", things[0].arn), (made.arn, things[1].arn)] {
                _ = try transaction.insert(
                    ResourceEdge(
                        family: "f", source: .init(arn: source), target: .init(arn: target), created: 1))
            }
        }
        return store
    }

    @Test(arguments: cases) func `lists filter, sort and page`(_ one: Case) async throws {
        let store = try await Self.filled()
        for limit in [1, 2, 100] {
            var names: [String] = []
            var query = ListQuery(
                kind: "Thing", conditions: one.conditions, sortKey: one.sortKey,
                isDescending: one.isDescending, limit: limit)
            repeat {
                let asked = query
                let page = try await store.read { try $0.list(asked) }
                #expect(page.elements.count <= limit)
                names += page.elements.map(\.name)
                query.token = page.nextToken
            } while query.token != nil
            #expect(names == one.expected, "\(limit) a page")
        }
        let all = ListQuery(kind: "Thing", conditions: one.conditions)
        #expect(try await store.read { try $0.count(all) } == one.expected.count)
    }

    @Test func `what comes or goes between pages neither repeats nor hides others`() async throws {
        let store = try await Self.filled()
        let first = try await store.read { try $0.list(ListQuery(kind: "Thing", sortKey: .name, limit: 2)) }
        #expect(first.elements.map(\.name) == ["a", "ab"])
        try await store.write { transaction throws in
            try transaction.delete(arn: first.elements[1].arn)
            _ = try transaction.insert(StoreFixture.resource("aa", at: 9))
        }
        let rest = try await store.read {
            try $0.list(ListQuery(kind: "Thing", sortKey: .name, limit: 9, token: first.nextToken))
        }
        #expect(rest.elements.map(\.name) == ["b", "c", "c"])
    }

    @Test func `a token is for its own query only`() async throws {
        let store = try await Self.filled()
        let token = try await store.read { try $0.list(ListQuery(kind: "Thing", limit: 1)).nextToken }
        for query in [
            ListQuery(kind: "Thing", isDescending: true, token: token),
            ListQuery(kind: "Other", token: token),
            ListQuery(kind: "Thing", conditions: [.nameContains("b")], token: token),
            ListQuery(kind: "Thing", sortKey: .name, token: token),
            ListQuery(kind: "Thing", token: "nonsense"), ListQuery(kind: "Thing", token: "e30="),
        ] {
            let error = await #expect(throws: LockstepError.self) {
                try await store.read { try $0.list(query) }
            }
            #expect(error?.code == .usage && error?.message.hasPrefix("Invalid NextToken") == true)
        }
    }

    @Test func `edges are unique in their family, filtered and sorted`() async throws {
        let store = try ResourceStore(inMemory: "edges")
        func edge(_ source: String, _ target: String, _ label: String, _ time: Double) -> ResourceEdge {
            ResourceEdge(
                family: "f", source: .init(arn: source, type: "T", name: "n"), target: .init(arn: target),
                label: label, created: time, author: .object(["Name": .string("me")]))
        }
        let edges = [
            edge("a", "b", "Produced", 1), edge("a", "c", "SameAs", 2), edge("b", "c", "Produced", 3),
        ]
        let again = edge("a", "b", "SameAs", 4)
        try await store.write { transaction throws in
            for one in edges { #expect(try transaction.insert(one)) }
            #expect(try !transaction.insert(again))
            #expect(try transaction.view.edges("f", from: "a") == Array(edges[0...1]))
            #expect(try transaction.view.edges("f", to: "c") == Array(edges[1...2]))
            var query = EdgeQuery(family: "f")
            query.label = "Produced"
            query.sortKey = .source
            query.isDescending = true
            #expect(try transaction.view.edges(query).elements == [edges[2], edges[0]])
            #expect(try transaction.deleteEdge("f", from: "a", to: "b"))
            #expect(try !transaction.deleteEdge("f", from: "a", to: "b"))
        }
    }
}
