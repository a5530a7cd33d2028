import ArgumentParser
import CommandLineEntry
import Diagnostics

@main
struct Lockstepd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstepd",
        abstract: "The daemons of a Lockstep cluster: one coordinator, and a worker on every node.",
        version: LockstepVersion.current,
        subcommands: [
            CoordinatorCommand.self, WorkerCommand.self, SuperviseCommand.self, LaunchAgentCommand.self,
            RunProgramCommand.self, RunRankCommand.self,
        ])
    static func main() async { await runAsProgram() }
}
