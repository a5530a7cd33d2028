import Diagnostics
import Glibc
import Storage

/// What a job names of the node's `/tmp`. Its program, which has a `/tmp` of its own, finds that there under
/// the same path, and nothing else of the node's.
package struct TemporaryPaths {
    /// None within another.
    package let paths: [String]

    private static let searchPaths = ["PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"]

    /// - Parameters:
    ///   - words: the command's, and the hyperparameters' values.
    ///   - environment: the program's whole one, of which the search paths count.
    ///   - own: the job's Environment.
    ///   - exists: whether something is at a path.
    package init(
        _ words: [String], environment: [String: String], own: [String: String] = [:],
        exists: (String) -> Bool = Self.exists
    ) {
        let texts = words + Self.searchPaths.compactMap { environment[$0] } + own.values
        let named = texts.flatMap(Self.named).filter(exists).map { Self.whole($0, exists) }
        var kept: [String] = []
        for path in Set(named).sorted() where !kept.contains(where: { path.hasPrefix($0 + "/") }) {
            kept.append(path)
        }
        paths = kept
    }

    /// Paths below `/tmp` in a text, without `.` and `..`.
    private static func named(_ text: String) -> [String] {
        guard text.contains("/tmp/") else { return [] }
        return text.split(whereSeparator: { ":= ,;\"'\n\t()[]{}<>|&".contains($0) }).compactMap { word in
            guard word.hasPrefix("/tmp/") else { return nil }
            var parts: [Substring] = []
            for part in word.split(separator: "/") where part != "." {
                if part == ".." { _ = parts.popLast() } else { parts.append(part) }
            }
            return parts.count > 1 && parts[0] == "tmp" ? "/" + parts.joined(separator: "/") : nil
        }
    }

    /// A Python of a virtual environment is nothing without the rest of it.
    private static func whole(_ path: String, _ exists: (String) -> Bool) -> String {
        let above = FileSystem.parent(of: path) ?? "/"
        for folder in [above, FileSystem.parent(of: above) ?? "/"]
        where folder.hasPrefix("/tmp/") && exists(folder + "/pyvenv.cfg") {
            return folder
        }
        return path
    }

    /// Whether there is something that this thread's user may look at.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0
    }

    /// Makes the places in the tree's own `/tmp` where they go.
    func makePlaces(in base: String) throws {
        for path in paths {
            if try FileSystem.kind(of: path) == .folder {
                try FileSystem.createFolder(base + path)
            } else {
                try FileSystem.createFolder(FileSystem.parent(of: base + path) ?? base)
                try HostTree.write("", to: base + path)
            }
        }
    }
}
