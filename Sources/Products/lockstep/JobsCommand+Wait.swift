import APIClient
import ArgumentParser

extension JobsCommand {
    struct Wait: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follows a job to its end.",
            discussion: """
                Exit status: 0 completed, 1 failed, 2 stopped. Ctrl-C ends the waiting, not the job.

                Example:
                  lockstep jobs wait digits && lockstep verify digits
                """)

        @OptionGroup var target: Target
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            try await cluster.withClient { client in
                try await JobFollower(name: target.name, client: client, output: cluster.output)
                    .followAndReport()
            }
        }
    }
}
