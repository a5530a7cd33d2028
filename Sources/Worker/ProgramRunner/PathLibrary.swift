import Diagnostics
import Foundation
import Glibc
import ProgramContract

/// The library that lets a program find `/opt/ml` where nothing can be mounted there: loaded before its own
/// libraries, it turns paths below `/opt/ml` into paths of the host's tree (CPathShim). Programs that are
/// linked statically, and those started with an empty environment, do not load it.
struct PathLibrary {
    /// The copy that a program loads; readable for its user.
    let path: String
    /// What `/opt/ml` stands for.
    let folder: String

    /// File name beside this program.
    static let fileName = "liblockstep-paths.so"
    /// Variable that tells the library its folder.
    private static let folderVariable = "LOCKSTEP_OPT_ML"

    /// Copies the library to where the program's user may read it.
    ///
    /// - Returns: `nil` when it does not lie beside this program, or cannot be copied.
    init?(for folder: String, at path: String) {
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let place = own.map { ($0 as NSString).deletingLastPathComponent + "/" + Self.fileName }
        guard let place, let bytes = FileManager.default.contents(atPath: place) else { return nil }
        do {
            try Data(ElfLibrary.withoutNeeds(Array(bytes), keep: "libc.so")).write(
                to: URL(fileURLWithPath: path))
        } catch {
            RunnerOutput.note("\(path) cannot be written: \(error)")
            return nil
        }
        chmod(path, 0o755)
        (self.path, self.folder) = (path, folder)
    }

    /// A program's variables with the library's, before what the job itself preloads.
    func variables(_ variables: [String: String]) -> [String: String] {
        var variables = variables
        let own = variables["LD_PRELOAD"].flatMap { $0.isEmpty ? nil : $0 }
        variables["LD_PRELOAD"] = [path, own].compactMap { $0 }.joined(separator: ":")
        variables[Self.folderVariable] = folder
        return variables
    }

    /// The file that a path of the program's means, for those who start it.
    func realPath(_ path: String) -> String {
        guard path == "/opt/ml" || path.hasPrefix("/opt/ml/") else { return path }
        return folder + path.dropFirst("/opt/ml".count)
    }
}
