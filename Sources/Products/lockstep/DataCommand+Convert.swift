import ArgumentParser
import CommandLineEntry
import Datasets
import Diagnostics
import Foundation

struct DataConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Rewrites training data in another format.",
        discussion: """
            Every value stays what it is; text gets the shortest digits that read back as the same number.
            The output appears under its name when it is whole, or not at all.

            Examples:
              lockstep data convert train-images-idx3-ubyte.gz train.pbr --to recordio \\
                  --labels train-labels-idx1-ubyte.gz
              lockstep data convert houses.csv train --to csv --label-column last --shards 8 --gzip
              lockstep data convert mushrooms.libsvm mushrooms.pbr --to recordio
            """)

    @Argument(help: "A file, or a folder: all files below it are read, in order of name.")
    var input: String
    @Argument(
        help: ArgumentHelp(
            "The file to write, or with --shards the folder. It must not exist yet.", valueName: "output"))
    var destination: String
    @Option(help: "Format of the input; auto tells it from the file.")
    var from = ConversionInput.Format.auto
    @Option(help: "Format of the output.")
    var to: DataFormat
    @Option(help: "A file with the labels: IDX, or text with one number a line.")
    var labels: String?
    @Option(help: "Labels in each row of a CSV or libsvm input: 1, or 0 when there are none.")
    var labelSize = 1
    @Option(
        help: "The column of a CSV input that holds the label: first (default), last or a number from 1.",
        transform: Self.labelColumn)
    var labelColumn = LabelColumn.first
    @Option(help: "Whether a CSV input begins with a row of names.")
    var header = HeaderRule.auto
    @Option(help: "What divides the columns of a CSV input.")
    var delimiter = Delimiter.comma
    @Option(help: "Number of files to spread the records over, in order.")
    var shards = 1
    @Flag(help: "Compress the output with gzip.")
    var gzip = false
    @Option(help: "Form of the report.")
    var output = OutputFormat.text

    enum Delimiter: String, ExpressibleByArgument, CaseIterable { case comma, tab, semicolon }

    func validate() throws {
        guard labelSize == 0 || labelSize == 1 else {
            throw ValidationError("--label-size is 0 or 1, not \(labelSize)")
        }
        guard shards >= 1 else { throw ValidationError("--shards is 1 or more, not \(shards)") }
    }

    private static func labelColumn(_ argument: String) throws -> LabelColumn {
        if argument == "first" { return .first }
        if argument == "last" { return .last }
        guard let number = Int(argument), number > 0 else {
            throw ValidationError("it is first, last or a number from 1")
        }
        return .number(number)
    }

    func run() async throws {
        let source = try ConversionInput(
            path: input, format: from, labelsPath: labels, labelCount: labelSize, labelColumn: labelColumn,
            header: header, delimiter: delimiter.rawValue
        ).open()
        for remark in source.remarks {
            StandardStreams.error("lockstep: \(PrintableText.escaped(remark))")
        }
        let conversion = DataConversion(output: destination, format: to, shardCount: shards, isGzip: gzip)
        let result = try conversion.run(source)
        switch output {
        case .json: try OutputFormat.printJSON(result)
        case .text:
            let files = result.files == 1 ? "1 file" : "\(result.files) files"
            StandardStreams.output(
                "\(PrintableText.escaped(result.output)): \(result.rows) rows of \(result.features) "
                    + "features as \(result.format), \(files), \(result.bytes) bytes")
        }
    }
}

extension ConversionInput.Format: ExpressibleByArgument {}
extension DataFormat: ExpressibleByArgument {}
extension HeaderRule: ExpressibleByArgument {}
