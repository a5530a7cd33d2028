import ArgumentParser

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Shows, follows and stops training jobs.",
        subcommands: [List.self, Describe.self, Logs.self, Wait.self, Stop.self],
        defaultSubcommand: List.self)

    /// A job by name.
    struct Target: ParsableArguments {
        @Argument(help: "The job's name.")
        var name: String
    }
}
