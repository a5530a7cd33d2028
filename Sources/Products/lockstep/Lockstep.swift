import ArgumentParser
import CommandLineEntry
import Diagnostics

@main
struct Lockstep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstep",
        abstract: "Trains models on your own machines; the result is the same bits whatever happens.",
        version: LockstepVersion.current,
        subcommands: [
            UpCommand.self, DownCommand.self, SubmitCommand.self, JobsCommand.self, WorkersCommand.self,
            AlgorithmsCommand.self, DataCommand.self, PredictCommand.self, CheckpointsCommand.self,
            VerifyCommand.self, GarbageCommand.self, KeysCommand.self, EnvCommand.self,
        ])
    static func main() async { await runAsProgram() }
}
