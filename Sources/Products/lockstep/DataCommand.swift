import ArgumentParser

struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Looks at training data and converts it.",
        discussion: """
            Training data is a file, or a folder of files, of one of these formats, each plain or gzip:
              csv       one row a line, the label first; a header row is recognised
              libsvm    LABEL INDEX:VALUE INDEX:VALUE …, for rows that are mostly zeros
              recordio  RecordIO-protobuf, the binary format of SageMaker, dense or sparse
            'convert' also reads idx, the format of MNIST and Fashion-MNIST.
            """,
        subcommands: [DataInspectCommand.self, DataConvertCommand.self])
}
