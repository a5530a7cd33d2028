import ArgumentParser

struct CSVBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "csv", abstract: "CSV reading against pandas.")
}
