import Foundation
import Glibc

/// Runs `body` with a new folder, and removes it afterwards however the body ends.
func withTemporaryFolder<T>(_ body: (URL) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("lockstep-test-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // Where root tests, jobs run as nobody, who reads and writes here.
    chmod(folder.path, 0o777)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
