import AsyncHTTPClient
import Diagnostics
import Foundation
import NIOCore
import ObjectStores
import Testing

@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "moto is not installed: run scripts/setup --tests"))
struct S3StoreTests {
    @Test(arguments: ObjectStoreConformance.all)
    func `moto's S3 keeps the contract`(_ conformance: ObjectStoreConformance) async throws {
        try await MotoServer.withBucket { store, _, _ in try await conformance.check(store) }
    }

    @Test func `an upload that fails leaves no parts behind`() async throws {
        try await MotoServer.withBucket { store, settings, http in
            let pieces = Pieces(ObjectStoreConformance.bytes(20 << 20), of: 1 << 20, failing: true)
            await #expect(throws: Pieces.Broken.self) {
                try await store.put(.stream { try await pieces.nextOrFail() }, as: "a")
            }
            let answer = try await http.get(
                url: "\(settings.endpoint)/\(store.location.dropFirst(5))?uploads"
            ).get()
            let text = answer.body.map { String(buffer: $0) } ?? ""
            #expect(text.contains("ListMultipartUploadsResult") && !text.contains("<UploadId>"))
        }
    }

    @Test func `any key of S3 is a key`() async throws {
        try await MotoServer.withBucket { store, _, _ in
            let keys = ["a", "a/b", "a//b", "../x", "a/", "ä ö+%20&=?#", "emoji-😀"]
            for key in keys { try await store.put(.bytes(Array(key.utf8)), as: key) }
            for key in keys { #expect(try await store.read(key, limit: 100) == Array(key.utf8)) }
            let sorted = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(try await store.all(prefix: "").map(\.key) == sorted)
        }
    }

    @Test func `a bucket that is not there is named`() async throws {
        try await MotoServer.withBucket { _, settings, http in
            let store = S3Store(settings, bucket: "no-such-bucket", http: http)
            let error = await #expect(throws: LockstepError.self) { try await store.all(prefix: "") }
            #expect(error?.code == .notFound && error?.message.contains("s3://no-such-bucket") == true)
            #expect(error?.message.contains("NoSuchBucket") == true)
        }
    }
}
