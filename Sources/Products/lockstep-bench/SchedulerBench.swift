import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation

/// `lockstep-bench scheduler`: what the control plane's decisions cost in a large cluster.
struct SchedulerBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduler",
        abstract: "Times the control plane's decisions over many nodes and jobs, in virtual time.",
        discussion: """
            Drives the coordinator's state machine as workers and clients would, from registration to the \
            last job's end, on one thread. Decisions are real; the store's disk flushes and the network \
            are not in it. Peer: Slurm's published 500 jobs per second.
            """)

    @Option(help: "Nodes, comma-separated for one run each.")
    var nodes = "1000,10000"
    @Option(help: "Jobs in each run.")
    var jobs = 100_000
    @Option(help: "Slots of a node.")
    var slots = 8
    @Option(help: "Jobs that arrive in a second of virtual time.")
    var arrivals = 1_000.0

    func validate() throws {
        guard jobs > 0, slots > 0, arrivals > 0, nodeCounts.allSatisfy({ $0 > 0 }), !nodeCounts.isEmpty else {
            throw ValidationError("--nodes, --jobs, --slots and --arrivals must be positive numbers")
        }
    }

    private var nodeCounts: [Int] { nodes.split(separator: ",").map { Int($0) ?? 0 } }

    func run() throws {
        for count in nodeCounts {
            var measurement = SchedulerMeasurement(
                nodeCount: count, jobCount: jobs, slotsPerNode: slots, arrivalsPerSecond: arrivals)
            StandardStreams.output(try measurement.run().table())
        }
    }
}
