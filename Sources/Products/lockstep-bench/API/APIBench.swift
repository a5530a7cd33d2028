import ArgumentParser
import CommandLineEntry
import Diagnostics

/// `lockstep-bench api`: how many calls the coordinator answers, beside moto's server.
struct APIBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Times calls of the API, beside moto's server, in the same run.",
        discussion: """
            Starts a coordinator without workers, so that jobs queue, and calls it from many connections \
            that stay open, each with one call at a time. Every created job is on disk before it is \
            answered. moto's server (pip install 'moto[server]') keeps everything in memory and checks next \
            to nothing; it gets fewer jobs, because its lists grow slow. Without it the cluster is measured \
            alone.
            """)

    @Option(help: "Connections that call at the same time.")
    var clients = 50
    @Option(help: "Jobs that wait while the last calls are timed.")
    var jobs = 20_000
    @Option(help: "Jobs that moto's server gets; 0: without it.")
    var peerJobs = 2_000
    @Option(help: "Jobs on a page of a list.")
    var page = 100

    func run() throws {
        guard clients > 0, jobs >= 2_000, page > 0, page <= 100, peerJobs >= 0 else {
            throw LockstepError(
                .usage, "--clients must be at least 1, --jobs 2000, and --page 1 to 100")
        }
        let cluster = try APIBenchServer.coordinator()
        let own = try measure(cluster, jobs: jobs)
        cluster.end()
        report("lockstep", own)
        guard peerJobs > 0 else { return }
        guard let peer = try APIBenchServer.moto() else {
            StandardStreams.error("lockstep-bench: no moto_server in PATH: no peer beside it")
            return
        }
        defer { peer.end() }
        report("moto, in memory", try measure(peer, jobs: peerJobs))
    }

    private func measure(_ server: APIBenchServer, jobs: Int) throws -> APIMeasurement {
        defer { server.end() }
        return try APIMeasurement(server: server, clients: clients, jobs: jobs, page: page)
    }

    private func report(_ name: String, _ result: APIMeasurement) {
        StandardStreams.output("\(name)\n" + result.lines.map { "  \($0)\n" }.joined())
    }
}
