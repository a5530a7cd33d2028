import ArgumentParser
import CommandLineEntry
import Diagnostics

@main
struct LockstepTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstep-train",
        abstract: "Trains one job: alone, or as a rank of the world that mpirun started.",
        discussion: """
            mpirun -n 4 lockstep-train job.yaml trains a job on four ranks of this machine without any \
            daemon. Run again, it goes on from the newest checkpoint, on any number of ranks; the model is \
            the same.
            """,
        version: LockstepVersion.current,
        subcommands: [RunCommand.self, PredictCommand.self, ReplayCommand.self],
        defaultSubcommand: RunCommand.self)
    static func main() { runAsProgram() }
}
