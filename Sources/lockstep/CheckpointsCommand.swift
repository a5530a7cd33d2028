import ArgumentParser

struct CheckpointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "checkpoints")
}
