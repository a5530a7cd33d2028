import Foundation

/// Which of AWS's clients this machine has.
enum Installed {
    static let boto3 = succeeds("python3", ["-c", "import boto3"])
    static let aws = succeeds("aws", ["--version"])

    private static func succeeds(_ program: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
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
