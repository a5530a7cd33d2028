import Diagnostics
import Foundation
import ObjectStores
import Testing

@Suite struct FolderStoreTests {
    @Test(arguments: ObjectStoreConformance.all)
    func `a folder keeps the contract`(_ conformance: ObjectStoreConformance) async throws {
        try await TemporaryFolder.with { try await conformance.check(FolderStore($0.path + "/store")) }
    }

    @Test(arguments: ObjectStoreConformance.all)
    func `a store that is counted keeps the contract`(_ conformance: ObjectStoreConformance) async throws {
        try await TemporaryFolder.with { try await conformance.check(CountingStore(FolderStore($0.path))) }
    }

    @Test func `objects are plain files that others read and write`() async throws {
        try await TemporaryFolder.with { folder in
            let store = FolderStore(folder.path)
            try await store.put(.bytes(Array("1,2\n".utf8)), as: "data/train.csv")
            #expect(
                FileManager.default.contents(atPath: folder.path + "/data/train.csv") == Data("1,2\n".utf8))
            _ = try folder.write("data/other.csv", [9])
            #expect(try await store.read("data/other.csv", limit: 1) == [9])
            try await store.delete("data/other.csv")
            try await store.delete("data/train.csv")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test(arguments: ["/a", "../a", "a/../b", "a//b", "a/", "./a", "a/.", ".writing-1/a", "a\0b"])
    func `keys that lead elsewhere are refused`(_ key: String) async throws {
        try await TemporaryFolder.with { folder in
            let store = FolderStore(folder.path + "/store")
            _ = try folder.write("a", [1])
            let calls: [() async throws -> Void] = [
                { try await store.put(.bytes([2]), as: key) }, { _ = try await store.head(key) },
                { try await store.get(key, range: nil, version: nil) { _ in } },
                { try await store.delete(key) }, { try await store.copy(key, to: "b") },
            ]
            for call in calls {
                let error = await #expect(throws: LockstepError.self) { try await call() }
                #expect(error?.code == .configuration)
            }
            #expect(FileManager.default.contents(atPath: folder.path + "/a") == Data([1]))
        }
    }

    @Test func `links, pipes and files in work are no objects`() async throws {
        try await TemporaryFolder.with { folder in
            let secret = try folder.write("secret", [1])
            let store = FolderStore(folder.path + "/store")
            try await store.put(.bytes([1]), as: "a")
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: store.folder + "/link", withDestinationPath: secret)
            try manager.createSymbolicLink(atPath: store.folder + "/up", withDestinationPath: folder.path)
            #expect(mkfifo(store.folder + "/pipe", 0o600) == 0)
            _ = try folder.write("store/.writing-7-x", [1])
            #expect(try await store.all(prefix: "").map(\.key) == ["a"])
            for key in ["link", "pipe"] {
                #expect(try await store.head(key) == nil)
                let error = await #expect(throws: LockstepError.self) { try await store.read(key, limit: 1) }
                #expect(error?.code == .notFound)
            }
            try store.removeUnfinished()
            #expect(!manager.fileExists(atPath: store.folder + "/.writing-7-x"))
        }
    }

    @Test func `a key cannot be a folder of others`() async throws {
        try await TemporaryFolder.with { folder in
            let store = FolderStore(folder.path)
            try await store.put(.bytes([1]), as: "a/b")
            for key in ["a", "a/b/c"] {
                let error = await #expect(throws: LockstepError.self) {
                    try await store.put(.bytes([1]), as: key)
                }
                #expect(error?.code == .configuration)
                #expect(try await store.all(prefix: "").map(\.key) == ["a/b"])
            }
        }
    }

    @Test func `a put that is killed leaves nothing that is read`() async throws {
        try await TemporaryFolder.with { folder in
            let store = FolderStore(folder.path)
            try await store.put(.bytes([1]), as: "a")
            let task = Task {
                try await store.put(
                    .stream {
                        try await Task.sleep(for: .seconds(3600))
                        return nil
                    }, as: "a")
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
            #expect(try await store.read("a", limit: 1) == [1])
        }
    }

    @Test func `what goes through is counted`() async throws {
        try await TemporaryFolder.with { folder in
            let store = CountingStore(FolderStore(folder.path))
            try await store.put(.bytes([1, 2, 3]), as: "a")
            let path = try folder.write("b", [1, 2])
            try await store.put(.file(path), as: "c")
            _ = try await store.read("a", limit: 3)
            _ = try? await store.read("none", limit: 3)
            #expect(store.count.bytesWritten == 5 && store.count.bytesRead == 3)
            #expect(store.count.calls == 4 && store.count.failures == 1)
        }
    }
}
