import Foundation

/// Which of AWS's clients this machine has: those that `scripts/test` installs into `.venv`, else
/// those on the PATH.
enum Installed {
    static let boto3 = succeeds(["python3", "-c", "import boto3"])
    static let aws = succeeds(["aws", "--version"])
    static let chromium = succeeds(["sh", "-c", "command -v chromium"])

    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// PATH with the package's own `.venv` first.
    static let searchPath: String = {
        let inherited = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return package.path + "/.venv/bin:" + inherited
    }()

    private static func succeeds(_ words: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(["PATH": searchPath]) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            return false
        }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
