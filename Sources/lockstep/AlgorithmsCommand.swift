import ArgumentParser

struct AlgorithmsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "algorithms")
}
