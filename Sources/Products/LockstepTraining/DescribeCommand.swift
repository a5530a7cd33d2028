import AlgorithmSpecs
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Training

struct DescribeCommand: AlgorithmCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Shows the algorithms of this program: hyperparameters, channels and metrics.")

    @Argument(help: "The algorithm's name (default: all).")
    var name: String?

    func run(_ algorithms: AlgorithmList) throws {
        let types = try name.map { [try algorithms.named($0)] } ?? algorithms.types
        let sheets = types.map { AlgorithmSheet($0.spec).text }
        StandardStreams.output(sheets.joined(separator: "\n\n\n"))
    }
}

extension AlgorithmSheet {
    fileprivate init(_ spec: AlgorithmSpec) {
        self.init(
            name: spec.name, summary: spec.summary,
            hyperparameters: (spec.hyperparameters + RuntimeSettings.specs).map {
                Hyperparameter(
                    name: $0.name, defaultValue: $0.defaultValue, isRequired: $0.isRequired,
                    requirement: $0.requirement, summary: $0.summary)
            },
            channels: spec.channels.map { ($0.name, $0.isRequired, $0.summary) },
            metrics: spec.metrics.map { ($0.name, $0.direction.rawValue) })
    }
}
