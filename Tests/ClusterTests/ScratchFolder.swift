import Foundation

/// A folder that lives as long as a test's closure.
func withScratchFolder<Result>(
    _ body: (String) async throws -> Result
) async throws -> Result {
    let path = NSTemporaryDirectory() + "lockstep-test-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
