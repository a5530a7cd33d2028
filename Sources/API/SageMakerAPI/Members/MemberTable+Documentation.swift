/// The part of docs/sagemaker-api.md that lists what is kept without effect and what is refused.
extension MemberTable {
    /// Rows of two columns in Markdown.
    package static var documentation: String {
        var lines = ["| member | here |", "|---|---|"]
        for rule in rules {
            switch rule.treatment {
            case .works: continue
            case .echoed(let reason): lines.append("| `\(rule.path)` | kept: \(reason) |")
            case .refused(let refusal):
                let whom = refusal.isForProgramsOnly ? "refused for programs" : "refused"
                lines.append("| `\(rule.path)` | \(whom): \(refusal.advice) |")
            }
        }
        return lines.joined(separator: "\n")
    }
}
