import ArgumentParser
import Diagnostics
import Foundation
import WorkerService

/// Called by `mpirun` in place of ssh: `lockstepd launch-agent HOST COMMAND…`.
struct LaunchAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch-agent", abstract: "Runs a command of mpirun on another node.",
        shouldDisplay: false)

    @Argument(help: "Address of the node.")
    var host: String
    @Argument(parsing: .captureForPassthrough, help: "Shell text.")
    var command: [String] = []

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        if let door = environment[LaunchAgent.doorVariable] {
            throw ExitCode(try LaunchAgent.ask(host: host, words: command, folder: door))
        }
        guard let folder = environment[GangCommand.marker] else {
            throw LockstepError(.usage, "\(GangCommand.marker) is not set: only mpirun calls this command")
        }
        let status = try await LaunchAgent.run(host: host, words: command, folder: folder)
        throw ExitCode(status)
    }
}
