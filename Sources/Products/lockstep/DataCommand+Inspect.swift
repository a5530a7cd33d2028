import ArgumentParser
import CommandLineEntry
import Datasets
import Diagnostics

struct DataInspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Prints what a file or folder of training data holds.",
        discussion: """
            Shows format, the files in their order, rows, columns, the range and mean of each column,
            missing values, and the labels. In CSV every column counts as a feature unless the content
            type says otherwise.

            Examples:
              lockstep data inspect train.csv --content-type 'text/csv;label_size=1'
              lockstep data inspect train/ --output json
            """)

    /// Columns that the text form shows, when there are more than twice as many.
    private static let shownColumns = 20

    @Argument(help: "A file, or a folder: all files below it are read, in order of name.")
    var path: String
    @Option(
        help:
            "SageMaker's ContentType: text/csv;label_size=1, text/libsvm or application/x-recordio-protobuf.")
    var contentType: String?
    @Option(help: "Form of the output.")
    var output = OutputFormat.text

    func run() async throws {
        let summary = try DataInspection.summarize(
            ChannelSource(name: "data", path: path, contentType: contentType, defaultLabelCount: 0))
        switch output {
        case .json: try OutputFormat.printJSON(summary)
        case .text:
            let lines = Self.lines(summary).map(PrintableText.escaped)
            StandardStreams.output(lines.joined(separator: "\n"))
        }
    }

    private static func lines(_ summary: DataSummary) -> [String] {
        let density = summary.density.map { ", \(percent($0)) of the entries stored" } ?? ""
        var lines = [
            "path     \(summary.path)",
            "format   \(summary.format)" + (summary.isGzip ? ", gzip" : "")
                + (summary.hasHeader ? ", header row" : ""),
            "files    \(summary.files)",
            "rows     \(summary.rows)",
            "features \(summary.features)\(density)",
            "missing  \(summary.missing)",
            "labels   \(labels(summary.labels))",
        ]
        lines += summary.remarks.map { "remark   \($0)" }
        if summary.files > 1 { lines += [""] + files(summary) }
        lines.append("")
        let width = max(6, summary.columns.compactMap { $0.name?.count }.max() ?? 0)
        let heads = [("column", width), ("min", 14), ("max", 14), ("mean", 14), ("missing", 9)]
        lines.append(heads.map { padded($0.0, $0.1) }.joined())
        let isCut = summary.columns.count > 2 * shownColumns
        for column in isCut ? summary.columns.prefix(shownColumns) : summary.columns[...] {
            let cells = [
                (column.name ?? "\(column.index)", width), (column.min.map { "\($0)" } ?? "-", 14),
                (column.max.map { "\($0)" } ?? "-", 14), (column.mean.map { "\(Float($0))" } ?? "-", 14),
                ("\(column.missing)", 9),
            ]
            lines.append(cells.map { padded($0.0, $0.1) }.joined())
        }
        if isCut { lines.append("… and \(summary.features - shownColumns) more; \(hint(summary))") }
        return lines
    }

    private static func hint(_ summary: DataSummary) -> String {
        let isWhole = summary.columns.count == summary.features
        return "--output json has " + (isWhole ? "all" : "the first \(summary.columns.count)")
    }

    private static func files(_ summary: DataSummary) -> [String] {
        let shown = summary.parts.count > 2 * shownColumns ? shownColumns : summary.parts.count
        let width = summary.parts.prefix(shown).map { "\($0.rows)".count }.max() ?? 0
        var lines = summary.parts.prefix(shown).map { part in
            padded("\(part.rows)", max(width, 4)) + part.path
        }
        lines.insert(padded("rows", max(width, 4)) + "file", at: 0)
        if shown < summary.parts.count {
            lines.append("… and \(summary.parts.count - shown) more; --output json has all")
        }
        return lines
    }

    private static func labels(_ labels: DataSummary.Labels?) -> String {
        guard let labels else { return "none" }
        guard let classes = labels.classes, classes.count <= 20 else {
            return "\(labels.min) to \(labels.max)"
                + (labels.classes.map { ", \($0.count) different" } ?? "")
        }
        return classes.map { "\($0.label) in \($0.rows) rows" }.joined(separator: ", ")
    }

    private static func percent(_ share: Double) -> String {
        "\((share * 10_000).rounded() / 100) %"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text + "  "
    }
}
