import ArgumentParser
import Training

/// A subcommand that works with the program's algorithms.
protocol AlgorithmCommand: ParsableCommand {
    func run(_ algorithms: AlgorithmList) throws
}
