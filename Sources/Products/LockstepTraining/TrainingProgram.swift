import ArgumentParser
import CommandLineEntry
public import Training

/// A program that trains jobs with algorithms of its author's: alone, or as a rank of the world that
/// `mpirun` started.
public enum TrainingProgram {
    /// Does what the command line says and ends the process: the last line of a program.
    ///
    /// `PROGRAM JOB.yaml` trains; `PROGRAM --help` tells of `predict`, `replay` and `describe`. An error is
    /// one line on standard error and an exit status.
    public static func run(_ algorithms: any Algorithm.Type...) -> Never {
        run(AlgorithmList(algorithms))
    }

    /// The same with a list.
    public static func run(_ algorithms: AlgorithmList) -> Never {
        RankOutput.separate()
        RootCommand.runAsProgram { command in
            try algorithms.check()
            var command = command
            if let ours = command as? any AlgorithmCommand {
                try ours.run(algorithms)
            } else {
                try command.run()
            }
        }
    }
}
