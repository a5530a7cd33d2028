import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import SageMakerShapes

extension JobsCommand {
    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks a job to commit its state and end.",
            discussion: """
                The job writes a checkpoint first; a job submitted later with the same CheckpointConfig \
                goes on from it.

                Example:
                  lockstep jobs stop digits --wait
                """)

        @OptionGroup var target: Target
        @Flag(help: "Wait until the job is over.")
        var wait = false
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            try await cluster.withClient { client in
                try await client.stopTrainingJob(target.name)
                let description: TrainingJobDescription
                if wait {
                    let follower = JobFollower(name: target.name, client: client, output: cluster.output)
                    description = try await follower.follow()
                } else {
                    description = try await client.describeTrainingJob(target.name)
                }
                switch cluster.output {
                case .json: try OutputFormat.printJSON(description)
                case .text: JobResult(description).lines.forEach { StandardStreams.output($0) }
                }
                if wait, description.trainingJobStatus == "Failed" {
                    throw ExitCode(JobFollower.Outcome.failed)
                }
            }
        }
    }
}
