import Diagnostics
import Foundation

/// The files that a channel's path stands for.
enum ChannelFiles {
    /// The file itself, or the files of a folder, sorted by the bytes of their names.
    ///
    /// Names that start with `.` or `_` are left out, as are folders.
    /// - Throws: `LockstepError(.notFound)` for a missing path, `(.data)` for a folder without files.
    static func list(_ path: String, channel: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw LockstepError(.notFound, "channel '\(channel)': there is nothing at \(path)")
        }
        guard isFolder.boolValue else { return [path] }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw LockstepError(.io, "channel '\(channel)': the folder \(path) cannot be read", cause: error)
        }
        let prefix = path.hasSuffix("/") ? path : path + "/"
        let files = names.filter { !$0.hasPrefix(".") && !$0.hasPrefix("_") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { prefix + $0 }
            .filter {
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder)
                    && !isFolder.boolValue
            }
        guard !files.isEmpty else {
            throw LockstepError(.data, "channel '\(channel)': the folder \(path) holds no data files")
        }
        return files
    }
}
