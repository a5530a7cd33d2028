import ArgumentParser
import WorkerService

/// Started by a worker for each attempt.
struct SuperviseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supervise", abstract: "Runs one attempt to its end.", shouldDisplay: false)

    @Option(help: "Folder of the attempt.")
    var attemptDir: String

    func run() throws { try Supervisor(path: attemptDir).run() }
}
