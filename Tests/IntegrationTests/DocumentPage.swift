import Foundation

/// A page of docs/ whose blocks of code carry a label after their language: ```` ```swift main.swift ````.
/// What a label names is a file's content, or a step that a reader takes in a shell.
struct DocumentPage {
    struct Block {
        let language: String
        let label: String
        let text: String
    }
    let blocks: [Block]

    init(_ name: String) throws {
        let file = Program.packageRoot.appendingPathComponent("docs/\(name)")
        var blocks: [Block] = []
        var open: (language: String, label: String, lines: [Substring])?
        for line in try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if let block = open {
                guard line == "```" else {
                    open?.lines.append(line)
                    continue
                }
                let text = block.lines.joined(separator: "\n") + "\n"
                blocks.append(Block(language: block.language, label: block.label, text: text))
                open = nil
            } else if line.hasPrefix("```") {
                let words = line.dropFirst(3).split(separator: " ").map(String.init)
                open = (words.first ?? "", words.dropFirst().first ?? "", [])
            }
        }
        self.blocks = blocks
    }

    /// The files that the page shows, by path.
    var files: [String: String] {
        let files = blocks.filter { $0.language != "sh" && !$0.label.isEmpty }
        return Dictionary(files.map { ($0.label, $0.text) }) { $0 + $1 }
    }

    /// All that a reader types, step by step; blocks without a label are for other readers.
    var steps: [(label: String, commands: String)] {
        blocks.filter { $0.language == "sh" && !$0.label.isEmpty }.map { ($0.label, $0.text) }
    }

    /// What a reader types at the step `label`.
    func commands(_ label: String) -> String? {
        blocks.first { $0.language == "sh" && $0.label == label }?.text
    }
}
