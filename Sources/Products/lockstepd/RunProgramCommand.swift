import ArgumentParser
import Diagnostics
import Foundation
import ProgramContract
import ProgramRunner

/// Started by `mpirun` on each slot of a program's gang.
struct RunProgramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-program", abstract: "Runs a job's own program on one host of its gang.",
        shouldDisplay: false)

    @Argument(help: "The plan, written by the supervisor.")
    var plan: String
    @Option(help: "The worker it runs on.")
    var worker: String?
    @Option(help: "SHA-256 of the plan.")
    var digest: String?
    @Option(help: "The host's number, from 0 (default: the rank that mpirun gave).")
    var rank: Int?

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try WorkerSettings.read(environment, worker: worker)
        let rank = rank ?? environment["OMPI_COMM_WORLD_RANK"].flatMap { Int($0) } ?? 0
        let runner = try ProgramRunner(
            ProgramPlan.read(plan, digest: digest), rank: rank, settings: settings, environment: environment)
        throw ExitCode(runner.run())
    }
}
