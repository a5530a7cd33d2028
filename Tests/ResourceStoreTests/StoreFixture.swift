import Foundation
import JSON
import ResourceStore

enum StoreFixture {
    /// Runs `body` with the path of a file in a folder of its own, which goes afterwards.
    static func withFile(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appendingPathComponent("resources.sqlite").path)
    }

    static func resource(
        _ name: String, kind: String = "Thing", scope: String = "", version: Int = 0, status: String = "",
        at time: Double, document: [String: JSONValue] = [:]
    ) -> StoredResource {
        StoredResource(
            kind: kind, scope: scope, name: name, version: version,
            arn: "arn:\(kind)/\(scope)/\(name)/\(version)", status: status, created: time,
            document: .object(document))
    }
}
