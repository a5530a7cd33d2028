public import ArgumentParser
import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

extension ParsableCommand {
    /// Runs the command; a `LockstepError` becomes one line on standard error and its exit status.
    public static func runAsProgram() -> Never {
        runAsProgram { command in
            var command = command
            try command.run()
        }
    }

    /// Runs the command by `perform`, which gets what the command line asks for: one of the subcommands.
    public static func runAsProgram(_ perform: (any ParsableCommand) throws -> Void) -> Never {
        do {
            OpenFiles.prepare(program: _commandName, forServices: false)
            try perform(try parseAsRoot())
            Glibc.exit(0)
        } catch {
            exitProgram(error)
        }
    }

    fileprivate static func exitProgram(_ error: any Error) -> Never {
        guard let error = error as? LockstepError else { exit(withError: error) }
        StandardStreams.error("\(_commandName): \(error)")
        Glibc.exit(error.code.exitCode)
    }
}

extension AsyncParsableCommand {
    /// Runs the command; a `LockstepError` becomes one line on standard error and its exit status.
    public static func runAsProgram() async -> Never {
        do {
            var command = try parseAsRoot()
            OpenFiles.prepare(program: _commandName, forServices: command is any AsyncParsableCommand)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Glibc.exit(0)
        } catch {
            exitProgram(error)
        }
    }
}
