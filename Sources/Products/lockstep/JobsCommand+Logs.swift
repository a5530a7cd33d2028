import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import SageMakerShapes

extension JobsCommand {
    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints what the ranks of a job print.",
            discussion: """
                Lines of several ranks come in order of time, each after the name of its stream (algo-1 is \
                rank 0). --output json prints one JSON object a line.

                Examples:
                  lockstep jobs logs digits
                  lockstep jobs logs digits -f
                """)

        @OptionGroup var target: Target
        @Flag(name: .shortAndLong, help: "Go on until the job is over.")
        var follow = false
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            try await cluster.withClient { client in
                var reader = LogFollower(job: target.name, client: client)
                let clock = ContinuousClock()
                var lastAnswer: ContinuousClock.Instant?
                while true {
                    do {
                        // Asked first, so that lines printed before the end are all read after it.
                        let isOver = try await client.describeTrainingJob(target.name).isTerminal
                        for line in try await reader.newLines() { try show(line, reader.streamCount) }
                        guard follow, !isOver else { return }
                        lastAnswer = clock.now
                    } catch let error as LockstepError where error.code == .network || error.code == .io {
                        guard follow, let lastAnswer,
                            lastAnswer.duration(to: clock.now) < JobFollower.patience
                        else { throw error }
                    }
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
        }

        private func show(_ line: LogFollower.Line, _ streamCount: Int) throws {
            switch cluster.output {
            case .json: try OutputFormat.printJSON(line, isPretty: false)
            case .text:
                let prefix = streamCount > 1 ? Terminal.coloured(line.host + " | ", .faint) : ""
                StandardStreams.output(prefix + line.message)
            }
        }
    }
}

/// Reads the streams of a job on from where it last read them.
struct LogFollower {
    /// A line of a rank. `timestamp` in milliseconds since 1970.
    struct Line: Encodable {
        var host: String
        var timestamp: Int
        var message: String
    }

    let job: String
    let client: APIClient
    private var tokenByStream: [String: String] = [:]
    /// Read, but not yet given away: a call that fails half-way loses none.
    private var unread: [Line] = []

    init(job: String, client: APIClient) {
        self.job = job
        self.client = client
    }

    var streamCount: Int { tokenByStream.count }

    /// All lines since the last call, in order of time.
    mutating func newLines() async throws -> [Line] {
        for stream in try await client.logStreams(job: job) {
            let name = stream.logStreamName
            while true {
                let page = try await client.logEvents(stream: name, from: tokenByStream[name])
                unread += page.events.map {
                    Line(host: Self.host(ofStream: name), timestamp: $0.timestamp, message: $0.message)
                }
                tokenByStream[name] = page.nextForwardToken
                if page.events.isEmpty { break }
            }
        }
        // The order within a stream is kept: Swift's sort is stable.
        defer { unread = [] }
        return unread.sorted { $0.timestamp < $1.timestamp }
    }

    /// `algo-1` of `JOB/algo-1-1795219459`.
    private static func host(ofStream name: String) -> String {
        let last = name.split(separator: "/").last ?? Substring(name)
        return last.split(separator: "-").prefix(2).joined(separator: "-")
    }
}
