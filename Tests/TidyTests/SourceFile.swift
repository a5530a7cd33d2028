import Foundation

/// A Swift file of the tree, as lines.
struct SourceFile {
    let path: String
    let lines: [Substring]

    /// Every Swift file under `folder` of the package.
    static func all(under folder: String) throws -> [SourceFile] {
        let root = packageRoot.appendingPathComponent(folder)
        let walker = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        var files: [SourceFile] = []
        while let url = walker?.nextObject() as? URL {
            guard url.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: url, encoding: .utf8)
            let path = folder + url.path.dropFirst(root.path.count)
            files.append(
                SourceFile(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false)))
        }
        return files.sorted { $0.path < $1.path }
    }

    static var packageRoot: URL {
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// Functions with the line they start on and their length, told by the indentation of their brace.
    var functions: [(line: Int, name: String, length: Int)] {
        var found: [(line: Int, name: String, length: Int)] = []
        for (start, line) in lines.enumerated() {
            let indentation = line.prefix { $0 == " " }
            let text = line.dropFirst(indentation.count)
            guard let name = Self.functionName(of: text) else { continue }
            let close = indentation + "}"
            guard let end = lines[(start + 1)...].firstIndex(where: { $0.hasPrefix(close) }) else { continue }
            // A declaration without a body (protocol requirement) is followed by one at the same depth.
            let opensBody = lines[start...end].contains { $0.hasSuffix("{") }
            if opensBody { found.append((start + 1, name, end - start + 1)) }
        }
        return found
    }

    private static func functionName(of text: Substring) -> String? {
        var words = text.split(separator: " ")
        while let word = words.first, Self.modifiers.contains(where: { word.hasPrefix($0) }) {
            words.removeFirst()
        }
        guard let word = words.first else { return nil }
        if word == "func", words.count > 1 { return String(words[1].prefix { $0 != "(" && $0 != "<" }) }
        return word.hasPrefix("init(") || word.hasPrefix("init<") ? "init" : nil
    }

    private static let modifiers = [
        "public", "package", "private", "fileprivate", "internal", "static", "mutating", "override", "final",
        "nonisolated", "@", "borrowing", "consuming", "required", "convenience",
    ]
}
