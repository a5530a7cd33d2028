import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import SageMakerShapes

struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Shows the workers of the cluster.",
        subcommands: [List.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists workers with their slots.",
            discussion: """
                A worker is `lost` when it has been silent for longer than its lease; its ranks then go on \
                elsewhere.

                Example:
                  lockstep workers list
                """)

        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            let answer = try await cluster.withClient { try await $0.listWorkers() }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(answer)
            case .text: StandardStreams.output(text(answer.workers))
            }
        }

        private func text(_ workers: [WorkerSummary]) -> String {
            if workers.isEmpty { return "no worker has joined yet" }
            var table = TextTable([
                ("NAME", .left), ("STATE", .left), ("SLOTS", .right), ("FREE", .right),
                ("ADDRESS", .left), ("SEEN", .right),
            ])
            let now = Date().timeIntervalSince1970
            for worker in workers {
                let age = max(0, now - worker.lastSeen)
                table.add([
                    worker.workerName, worker.state, String(worker.slots), String(worker.freeSlots),
                    worker.address, Quantity.duration(seconds: age) + " ago",
                ])
            }
            return table.text
        }
    }
}
