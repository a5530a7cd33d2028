import Foundation

/// A folder that is there for one test.
struct TemporaryFolder {
    let path: String

    static func with<Result>(_ body: (TemporaryFolder) async throws -> Result) async throws -> Result {
        let path = FileManager.default.temporaryDirectory.path + "/lockstep-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(TemporaryFolder(path: path))
    }

    /// - Returns: the file's path.
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }
}
