import ArgumentParser
import Foundation
import Glibc
import Processes
import ProgramContract

/// What jobs with programs of their own may use on a worker's node.
struct ProgramOptions: ParsableArguments {
    @Option(
        name: .customLong("image"),
        help: ArgumentHelp(
            "What a TrainingImage stands for: a folder that becomes the program's root, or nothing for the "
                + "node's own files. May be repeated.", valueName: "name=folder"))
    var imageWords: [String] = []
    @Option(
        help:
            "User that jobs run as if the daemon is root (default: lockstep if it exists, else nobody)."
    )
    var runAs: String?
    @Option(
        name: .customLong("data-root"),
        help: ArgumentHelp(
            "A folder that jobs may name data, code, outputs and checkpoints in (default: all that the user "
                + "they run as may use). May be repeated.", valueName: "folder"))
    var dataRoots: [String] = []
    @Option(
        name: .customLong("pass-environment"),
        help: ArgumentHelp(
            "A variable of the daemon's that jobs of another user get too, beside PATH, the language, "
                + "proxies, certificates and devices. May be repeated.", valueName: "name"))
    var passedVariables: [String] = []
    @Option(help: "Memory for all programs of this worker, in MiB (default: nine tenths of the node's).")
    var memory: Int?

    mutating func validate() throws {
        for word in imageWords where word.split(separator: "=", omittingEmptySubsequences: false).count != 2 {
            throw ValidationError("--image is \"\(word)\": it must be NAME=FOLDER, or NAME= for no folder")
        }
        for (name, folder) in images where !folder.isEmpty && !Self.isFolder(folder) {
            throw ValidationError("--image \(name)=\(folder): there is no folder \(folder)")
        }
        if let runAs, getpwnam(runAs) == nil {
            throw ValidationError("--run-as is \"\(runAs)\": there is no such user")
        }
        for root in dataRoots where !Self.isFolder(root) {
            throw ValidationError("--data-root is \(root): there is no such folder")
        }
        if let memory, memory < 1 { throw ValidationError("--memory is \(memory): it must be 1 or more") }
    }

    var images: [String: String] {
        let pairs = imageWords.map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        return Dictionary(
            pairs.map { pair in
                (String(pair[0]), pair[1].isEmpty ? "" : Programs.absolute(String(pair[1])))
            }, uniquingKeysWith: { $1 })
    }

    func settings(worker: String, slots: Int, dataFolder: String) -> WorkerSettings {
        WorkerSettings(
            worker: worker, slots: slots, memoryBytes: memory.map { $0 << 20 } ?? Self.usualMemory,
            scratch: dataFolder + "/scratch", runAs: runAs ?? (geteuid() == 0 ? JobUser.usualName : ""))
    }

    private static var usualMemory: Int { Int(ProcessInfo.processInfo.physicalMemory / 10 * 9) }

    private static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: Programs.absolute(path), isDirectory: &isDirectory)
            && isDirectory.boolValue
    }
}
