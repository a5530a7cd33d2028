import ArgumentParser
import Diagnostics

/// The command line of a training program.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ProgramName.own,
        abstract: "Trains one job: alone, or as a rank of the world that mpirun started.",
        discussion: """
            mpirun -n 4 \(ProgramName.own) job.yaml trains a job on four ranks of this machine without any \
            daemon. Run again, it goes on from the newest checkpoint, on any number of ranks; the model is \
            the same.
            """,
        version: LockstepVersion.current,
        subcommands: [RunCommand.self, PredictCommand.self, ReplayCommand.self, DescribeCommand.self],
        defaultSubcommand: RunCommand.self)
}
