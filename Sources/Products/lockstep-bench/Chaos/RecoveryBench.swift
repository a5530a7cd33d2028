import ArgumentParser
import Diagnostics
import Foundation

/// How long a job stands still when something is taken from it, one thing at a time.
struct RecoveryBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery",
        abstract: "Measures the time from a fault to the next committed step.",
        discussion: """
            A cluster of four spot workers and a state keeper trains one elastic job. `rank`: kill -9 of one \
            rank, again when the gang is whole. `node`: all processes of one worker stop, as when its link \
            is cut, until the job goes on without it. `daemons`: coordinator and then every worker daemon \
            are killed and started again, and no step may notice. Times are those of the job's own event \
            log; the model must be the undisturbed one.
            """)

    @Argument(help: "rank, node or daemons.", transform: Self.fault)
    var fault: RecoveryRun.Fault
    @Option(help: "Faults, one after the other.")
    var count = 20
    @Option(help: "Who is hit, and when.")
    var seed: UInt64 = 1
    @Option(help: "Sleep after every step in milliseconds.")
    var delay = 20

    private static func fault(_ word: String) throws -> RecoveryRun.Fault {
        if let fault = RecoveryRun.Fault(rawValue: word) { return fault }
        throw ValidationError("it must be rank, node or daemons")
    }

    func validate() throws {
        guard (1...1000).contains(count) else {
            throw ValidationError("--count is \(count): it must be 1 to 1000")
        }
        guard (1...10_000).contains(delay) else {
            throw ValidationError("--delay is \(delay): it must be 1 to 10000 milliseconds")
        }
    }

    func run() throws {
        let run = RecoveryRun(fault: fault, count: count, seed: seed, delayMilliseconds: delay)
        StandardStreams.output(try run.run())
    }
}
