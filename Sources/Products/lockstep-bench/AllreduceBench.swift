import ArgumentParser
import Collectives
import Diagnostics
import Foundation
import MPICollectives
import Threading

/// `lockstep-bench allreduce`: what exact sums cost beside MPI's own sum of floats.
struct AllreduceBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allreduce",
        abstract: "Times the exact allreduce against MPI_Allreduce of MPI_FLOAT.",
        discussion: """
            Run it under mpirun. Both add one array per rank into another and are timed in turn; a time is \
            that of the slowest rank, and the table holds medians.
            """)

    enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "Smallest array in bytes; the next ones are four times as large.")
    var smallest = 1 << 10
    @Option(help: "Largest array in bytes.")
    var largest = 1 << 26
    @Option(help: "Seconds of measuring for each size.")
    var seconds = 2.0
    @Option(help: "Threads of each rank.")
    var threads = 1
    @Option(help: "Logical shards of each rank; MPI's sum always adds one array.")
    var shards = 1
    @Option(help: "Format of the result: text or json.")
    var output = OutputFormat.text
    @Option(help: "File for the result instead of standard output.")
    var save: String?

    func validate() throws {
        guard smallest >= 4, largest >= smallest else {
            throw ValidationError("--smallest must be at least 4 and --largest not less")
        }
        guard seconds > 0, threads > 0, (1...1024).contains(shards) else {
            throw ValidationError("--seconds and --threads must be positive, --shards 1 to 1024")
        }
    }

    func run() throws {
        MPIWorld.run { communicator in
            let result = try AllreduceMeasurement(communicator, self).run()
            if communicator.rank == 0 { try write(result) }
            try communicator.barrier()
        }
    }

    private func write(_ result: AllreduceResult) throws {
        let text = output == .json ? try result.json() : result.table()
        guard let save else { return StandardStreams.output(text) }
        do {
            try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: save))
        } catch {
            throw LockstepError(.io, "cannot write the result to \(save)", cause: error)
        }
    }
}
