import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import SageMakerShapes

struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Shows the workers of the cluster, drains them, takes them back and forgets them.",
        subcommands: [List.self, Drain.self, Resume.self, Forget.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists workers with their slots.",
            discussion: """
                A worker is `lost` when it has been silent for longer than its lease; its ranks then go on \
                elsewhere, and it is forgotten after seven days. It is `draining` while gangs leave it, \
                `drained` when none is left, and `quarantined` when it has computed other bits than its \
                peers.

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
                ("NAME", .left), ("KIND", .left), ("STATE", .left), ("SLOTS", .right), ("FREE", .right),
                ("HOT STATE", .right), ("ADDRESS", .left), ("SEEN", .right), ("REASON", .left),
            ])
            let now = Date().timeIntervalSince1970
            for worker in workers {
                let age = max(0, now - worker.lastSeen)
                let cells = [
                    worker.workerName, worker.kind, worker.state, String(worker.slots),
                    String(worker.freeSlots), Self.mebibytes(worker.hotStateBytes), worker.address,
                    Quantity.duration(seconds: age) + " ago", worker.reason ?? "",
                ]
                table.add(cells.map(PrintableText.escaped))
            }
            return table.text
        }

        private static func mebibytes(_ bytes: Int) -> String {
            bytes == 0 ? "-" : String(format: "%.1f MiB", Double(bytes) / 1_048_576)
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a worker no new ranks; its gangs commit and go on elsewhere.",
            discussion: """
                No step is lost. The worker stays drained, also over restarts, until `lockstep workers \
                resume`. A job that finds no other slots waits as Pending.

                Example:
                  lockstep workers drain worker-2 --deadline 120
                """)

        @OptionGroup var cluster: ClusterOptions
        @Argument(help: "Name of the worker.")
        var name: String
        @Option(help: "Kill after so many seconds what has not left by then.")
        var deadline: Int?
        @Option(help: "Why, for `lockstep workers list`.")
        var reason: String?

        func validate() throws {
            guard deadline.map((1...86_400).contains) ?? true else {
                throw ValidationError("--deadline is \(deadline ?? 0): it must be 1 to 86400 seconds")
            }
        }

        func run() async throws {
            let request = DrainWorkerRequest(workerName: name, reason: reason, deadlineInSeconds: deadline)
            let answer = try await cluster.withClient { try await $0.drainWorker(request) }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(answer)
            case .text: StandardStreams.output("\(name) is being drained")
            }
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Strikes a lost worker from the list.",
            discussion: "A lost worker is forgotten by itself after seven days.")

        @OptionGroup var cluster: ClusterOptions
        @Argument(help: "Name of the worker.")
        var name: String

        func run() async throws {
            let answer = try await cluster.withClient { try await $0.forgetWorker(name) }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(answer)
            case .text: StandardStreams.output("\(name) is forgotten")
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a drained or quarantined worker back.")

        @OptionGroup var cluster: ClusterOptions
        @Argument(help: "Name of the worker.")
        var name: String

        func run() async throws {
            let answer = try await cluster.withClient { try await $0.resumeWorker(name) }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(answer)
            case .text: StandardStreams.output("\(name) is back")
            }
        }
    }
}
