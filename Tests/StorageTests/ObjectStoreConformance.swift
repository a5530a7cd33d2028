import Diagnostics
import Foundation
import ObjectStores
import Testing

/// What the contract of `ObjectStore` says, as checks that run on every backend, each in an empty store.
struct ObjectStoreConformance: Sendable, CustomTestStringConvertible {
    let name: String
    let check: @Sendable (any ObjectStore) async throws -> Void
    var testDescription: String { name }

    private init(_ name: String, _ check: @escaping @Sendable (any ObjectStore) async throws -> Void) {
        self.name = name
        self.check = check
    }

    static let all = whole + reading + listing

    private static let whole: [Self] = [
        Self("what is put is read, headed and listed") { store in
            let version = try await store.put(.bytes(bytes(1000)), as: "a/b")
            #expect(try await store.read("a/b", limit: 1000) == bytes(1000))
            let info = try #require(try await store.head("a/b"))
            #expect(info.key == "a/b" && info.size == 1000 && info.version == version)
            #expect(abs(info.modified - Date().timeIntervalSince1970) < 3600)
            #expect(try await store.all(prefix: "").map(\.key) == ["a/b"])
        },
        Self("a second put takes the first one's place, under another version") { store in
            let first = try await store.put(.bytes(bytes(10)), as: "a")
            let second = try await store.put(.bytes(bytes(20)), as: "a")
            #expect(first != second)
            #expect(try await store.read("a", limit: 100) == bytes(20))
        },
        Self("objects of no bytes are objects") { store in
            try await store.put(.bytes([]), as: "empty")
            #expect(try await store.head("empty")?.size == 0)
            #expect(try await store.read("empty", limit: 0) == [])
        },
        Self("files and streams, of one part and of several") { store in
            try await TemporaryFolder.with { folder in
                for size in [0, 1, 6 << 20, 11 << 20] {
                    let path = try folder.write("file", bytes(size))
                    try await store.put(.file(path), as: "file")
                    #expect(try await store.read("file", limit: size) == bytes(size))
                    let pieces = Pieces(bytes(size), of: 3_000_000)
                    try await store.put(.stream { await pieces.next() }, as: "stream")
                    #expect(try await store.read("stream", limit: size) == bytes(size))
                }
            }
        },
        Self("a stream that fails leaves what was there") { store in
            try await store.put(.bytes([1]), as: "a")
            let pieces = Pieces(bytes(12 << 20), of: 1 << 20, failing: true)
            await #expect(throws: Pieces.Broken.self) {
                try await store.put(.stream { try await pieces.nextOrFail() }, as: "a")
            }
            #expect(try await store.read("a", limit: 10) == [1])
            #expect(try await store.all(prefix: "").count == 1)
        },
        Self("a put on the condition that there is none happens once") { store in
            try await store.put(.bytes([1]), as: "a", if: .ifNone)
            let error = await #expect(throws: LockstepError.self) {
                try await store.put(.bytes([2]), as: "a", if: .ifNone)
            }
            #expect(error?.code == .conflict)
            #expect(try await store.read("a", limit: 10) == [1])
            let winners = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        (try? await store.put(.bytes([UInt8(number)]), as: "race", if: .ifNone)) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        },
        Self("readers see one put or the other, never a mixture") { store in
            let (old, new) = ([UInt8](repeating: 1, count: 100_000), [UInt8](repeating: 2, count: 100_000))
            try await store.put(.bytes(old), as: "a")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 0..<10 { try await store.put(.bytes(round % 2 == 0 ? new : old), as: "a") }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<10 {
                            let read = try await store.read("a", limit: 200_000)
                            #expect(read == old || read == new)
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
        Self("a copy is an object of its own; what is deleted is gone") { store in
            try await store.put(.bytes(bytes(100)), as: "a/b")
            try await store.copy("a/b", to: "c/d")
            try await store.delete("a/b")
            try await store.delete("a/b")
            #expect(try await store.head("a/b") == nil)
            #expect(try await store.read("c/d", limit: 100) == bytes(100))
            #expect(try await store.all(prefix: "").map(\.key) == ["c/d"])
            try await store.put(.bytes([1]), as: "a")
            let error = await #expect(throws: LockstepError.self) { try await store.copy("none", to: "e") }
            #expect(error?.code == .notFound)
        },
    ]

    private static let reading: [Self] = [
        Self("ranges") { store in
            try await store.put(.bytes(bytes(100)), as: "a")
            let examples = [0..<100, 0..<1, 99..<100, 30..<70, 90..<200, 100..<110, 500..<501, 5..<5]
            for range in examples {
                var read: [UInt8] = []
                let info = try await store.get("a", range: range, version: nil) { read += $0 }
                #expect(read == Array(bytes(100)[range.clamped(to: 0..<100)]), "\(range)")
                #expect(info.size == 100)
            }
            try await store.put(.bytes([]), as: "empty")
            try await store.get("empty", range: 0..<5, version: nil) { #expect($0.isEmpty) }
        },
        Self("one version is read, or none") { store in
            let first = try await store.put(.bytes(bytes(10)), as: "a")
            try await store.get("a", range: nil, version: first) { #expect($0 == bytes(10)) }
            let second = try await store.put(.bytes(bytes(11)), as: "a")
            for range in [nil, 0..<5] as [Range<Int>?] {
                let error = await #expect(throws: LockstepError.self) {
                    try await store.get("a", range: range, version: first) { _ in }
                }
                #expect(error?.code == .conflict)
                try await store.get("a", range: range, version: second) { _ in }
            }
        },
        Self("what is not there") { store in
            let none = try await store.head("none/of/it")
            #expect(none == nil)
            for range in [nil, 0..<5] as [Range<Int>?] {
                let error = await #expect(throws: LockstepError.self) {
                    try await store.get("none/of/it", range: range, version: nil) { _ in }
                }
                #expect(error?.code == .notFound)
                #expect(error?.message.contains("none/of/it") == true)
            }
            #expect(try await store.list(prefix: "none/", after: nil, limit: 5) == ObjectPage([], next: nil))
        },
        Self("downloads") { store in
            try await TemporaryFolder.with { folder in
                for size in [0, 1000, 11 << 20] {
                    try await store.put(.bytes(bytes(size)), as: "a")
                    let path = folder.path + "/deep/file-\(size)"
                    try await ObjectDownload(store, partBytes: 1 << 20)("a", to: path)
                    #expect(FileManager.default.contents(atPath: path).map(Array.init) == bytes(size))
                }
                let path = folder.path + "/none"
                await #expect(throws: LockstepError.self) {
                    try await ObjectDownload(store)("none", to: path)
                }
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        },
    ]

    private static let listing: [Self] = [
        Self("lists are in byte order, whatever the pages") { store in
            let keys = [
                "B", "a", "a-b", "a/b", "a/b-c/d", "a/b/c", "a/ä", "a0", "b/ (1).csv", "b/%41+&<>", "ü/x",
            ]
            // A folder cannot be a file too.
            let held = keys.filter { $0 != "a" && $0 != "a/b" }
            for key in held.reversed() { try await store.put(.bytes([1]), as: key) }
            let sorted = held.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for limit in [1, 2, 3, 1000] {
                var (found, after) = ([String](), String?.none)
                repeat {
                    let page = try await store.list(prefix: "", after: after, limit: limit)
                    #expect(page.objects.count <= limit && (!page.objects.isEmpty || page.next == nil))
                    found += page.objects.map(\.key)
                    after = page.next
                } while after != nil
                #expect(found == sorted, "pages of \(limit)")
            }
            for prefix in ["a", "a/", "a/b", "b/ ", "x"] {
                #expect(
                    try await store.all(prefix: prefix).map(\.key) == sorted.filter { $0.hasPrefix(prefix) })
            }
            #expect(
                try await store.list(prefix: "a", after: "a/b-c", limit: 1).objects.map(\.key) == ["a/b-c/d"])
            for key in held { #expect(try await store.read(key, limit: 1) == [1]) }
        },
        Self("keys that are none") { store in
            for key in ["", String(repeating: "k", count: 1025)] {
                let error = await #expect(throws: LockstepError.self) {
                    try await store.put(.bytes([]), as: key)
                }
                #expect(error?.code == .configuration)
            }
        },
    ]

    /// Bytes that no two places share by accident.
    static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }
}

/// Bytes that come in pieces.
actor Pieces {
    struct Broken: Error {}
    private var rest: ArraySlice<UInt8>
    private let size: Int
    private let fails: Bool

    init(_ bytes: [UInt8], of size: Int, failing: Bool = false) {
        rest = bytes[...]
        self.size = size
        fails = failing
    }

    func next() -> [UInt8]? {
        defer { rest = rest.dropFirst(size) }
        return rest.isEmpty ? nil : Array(rest.prefix(size))
    }

    /// Fails where the others have come to their end.
    func nextOrFail() throws -> [UInt8]? {
        if rest.isEmpty, fails { throw Broken() }
        return next()
    }
}
