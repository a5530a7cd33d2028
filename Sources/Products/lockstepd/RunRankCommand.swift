import ArgumentParser
import Diagnostics
import Foundation
import Processes
import WorkerService

/// Started by `mpirun` for each rank of a job's own Swift program: gives it the job's Environment.
struct RunRankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-rank", abstract: "Runs a rank's program with its job's Environment.",
        shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough, help: "The program and its words.")
    var command: [String] = []

    func run() throws {
        let environment = try RankEnvironment.unpacked(ProcessInfo.processInfo.environment)
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        guard let name = words.first else { throw LockstepError(.usage, "run-rank is given no program") }
        throw ChildProcess.replace(name, words, environment: environment)
    }
}
