import Diagnostics
import Foundation
import JSON
import ResourceStore
import Testing

@Suite struct ResourceStoreTests {
    @Test func `what was written is there after a reopening`() async throws {
        try await StoreFixture.withFile { path in
            var resource = StoreFixture.resource("a", at: 5, document: ["Text": .string("ü\u{1F600}")])
            resource.facets = ["Color": "red"]
            let (made, store) = (resource, try ResourceStore(path: path))
            try await store.write { transaction throws in
                #expect(try transaction.insert(made))
                try transaction.setTags([ResourceTag(key: "b", value: "1")], of: made.arn)
                try transaction.setTags(
                    [ResourceTag(key: "a", value: "2"), ResourceTag(key: "b", value: "3")], of: made.arn)
                try transaction.setNote("policy", "{}", of: made.arn)
            }
            try store.close()
            let reopened = try ResourceStore(path: path)
            try await reopened.read { view throws in
                var expected = made
                expected.facets = [:]
                #expect(try view.resource("Thing", "a") == expected)
                #expect(try view.resource(arn: made.arn) == expected)
                #expect(try view.tags(made.arn).map(\.key) == ["b", "a"])
                #expect(try view.tags(made.arn).map(\.value) == ["3", "2"])
                #expect(try view.note("policy", of: made.arn) == "{}")
                let red = ListQuery(kind: "Thing", conditions: [.facet("Color", "red")])
                #expect(try view.list(red).elements == [expected])
            }
        }
    }

    @Test func `a taken name changes nothing`() async throws {
        let store = try ResourceStore(inMemory: "taken")
        let first = StoreFixture.resource("a", at: 1)
        var second = StoreFixture.resource("a", at: 2)
        second.arn = "arn:other"
        let taken = second
        try await store.write { transaction throws in
            #expect(try transaction.insert(first))
            #expect(try !transaction.insert(taken))
            #expect(try transaction.view.resource("Thing", "a") == first)
        }
    }

    @Test func `writes of one commit fail alone`() async throws {
        let store = try ResourceStore(inMemory: "alone")
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        try await store.write { transaction throws in
                            _ = try transaction.insert(
                                StoreFixture.resource("n\(number)", at: Double(number)))
                            if number.isMultiple(of: 3) { throw LockstepError(.usage, "not this one") }
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(outcomes == 133)
        #expect(try await store.read { try $0.count(ListQuery(kind: "Thing")) } == 133)
    }

    @Test func `a number is given once`() async throws {
        let store = try ResourceStore(inMemory: "numbers")
        let numbers = try await store.write { transaction throws in
            try [
                transaction.nextNumber("Package", scope: "a"), transaction.nextNumber("Package", scope: "a"),
                transaction.nextNumber("Package", scope: "b"),
            ]
        }
        #expect(numbers == [1, 2, 1])
    }

    @Test func `a change replaces document, status and facets`() async throws {
        let store = try ResourceStore(inMemory: "change")
        var resource = StoreFixture.resource("a", at: 1)
        resource.facets = ["Color": "red"]
        let old = resource
        resource.facets = ["Color": "blue"]
        resource.status = "Done"
        resource.modified = 9
        resource.document = .object(["X": .integer(2)])
        let new = resource
        try await store.write { transaction throws in
            _ = try transaction.insert(old)
            try transaction.replace(new)
            let red = ListQuery(kind: "Thing", conditions: [.facet("Color", "red")])
            #expect(try transaction.view.list(red).elements.isEmpty)
            let done = ListQuery(
                kind: "Thing", conditions: [.facet("Color", "blue"), .status("Done"), .modifiedAfter(8)])
            #expect(try transaction.view.list(done).elements.first?.document == new.document)
        }
    }

    @Test func `what goes takes its tags, facets and edges along`() async throws {
        let store = try ResourceStore(inMemory: "going")
        var resource = StoreFixture.resource("a", at: 1)
        resource.facets = ["Color": "red"]
        let made = resource
        try await store.write { transaction throws in
            _ = try transaction.insert(made)
            try transaction.setTags([ResourceTag(key: "k", value: "v")], of: made.arn)
            _ = try transaction.insert(
                ResourceEdge(
                    family: "f", source: .init(arn: made.arn), target: .init(arn: "arn:b"), created: 1))
            try transaction.delete(arn: made.arn)
            #expect(try transaction.view.tags(made.arn).isEmpty)
            #expect(try transaction.view.edges("f").isEmpty)
            let red = ListQuery(kind: "Thing", conditions: [.facet("Color", "red")])
            #expect(try transaction.view.count(red) == 0)
        }
    }

    @Test func `a file that is no store is named and left alone`() async throws {
        try await StoreFixture.withFile { path in
            let text = String(repeating: "this is no database. ", count: 100)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: LockstepError.self) { try ResourceStore(path: path) }
            #expect(error?.code == .damaged && error?.message.contains(path) == true)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    @Test func `a removed file is written again`() async throws {
        try await StoreFixture.withFile { path in
            let store = try ResourceStore(path: path)
            for name in ["a", "b"] {
                for file in [path, path + "-wal", path + "-shm"] {
                    try? FileManager.default.removeItem(atPath: file)
                }
                try await store.write { _ = try $0.insert(StoreFixture.resource(name, at: 1)) }
            }
            #expect(try store.keepInPlace()?.contains(path) == true)
            #expect(try store.keepInPlace() == nil)
            try store.close()
            let reopened = try ResourceStore(path: path)
            #expect(try await reopened.read { try $0.count(ListQuery(kind: "Thing")) } == 2)
        }
    }

    @Test func `another file in its place stops writing`() async throws {
        try await StoreFixture.withFile { path in
            let store = try ResourceStore(path: path)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
            try Data().write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: LockstepError.self) {
                try await store.write { _ = try $0.insert(StoreFixture.resource("a", at: 1)) }
            }
            #expect(error?.code == .io && error?.message.contains("move it away") == true)
        }
    }
}
