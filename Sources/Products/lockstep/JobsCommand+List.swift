import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import SageMakerShapes

extension JobsCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists jobs, the newest first.",
            discussion: """
                Examples:
                  lockstep jobs list
                  lockstep jobs list --status InProgress
                  lockstep jobs list --name-contains digits --limit 5 --output json
                """)

        @Option(help: "Only jobs of this status: InProgress, Completed, Failed, Stopping or Stopped.")
        var status: String?
        @Option(help: "Only jobs with this text in their name.")
        var nameContains: String?
        @Option(help: "At most so many jobs.")
        var limit = 100
        @OptionGroup var cluster: ClusterOptions

        func validate() throws {
            guard limit >= 1 else { throw ValidationError("--limit is \(limit): it must be 1 or more") }
        }

        func run() async throws {
            var request = ListTrainingJobsRequest()
            request.statusEquals = status
            request.nameContains = nameContains
            request.sortBy = "CreationTime"
            request.sortOrder = "Descending"
            request.maxResults = limit
            let summaries = try await cluster.withClient { try await $0.listTrainingJobs(request) }
            switch cluster.output {
            case .json:
                try OutputFormat.printJSON(
                    ListTrainingJobsResponse(trainingJobSummaries: summaries, nextToken: nil))
            case .text: StandardStreams.output(text(summaries))
            }
        }

        private func text(_ summaries: [TrainingJobSummary]) -> String {
            if summaries.isEmpty {
                return status == nil && nameContains == nil
                    ? "no jobs yet: `lockstep submit JOB.yaml` makes one" : "no job matches"
            }
            var table = TextTable([
                ("NAME", .left), ("STATUS", .left), ("DETAIL", .left), ("CREATED (UTC)", .left),
                ("TIME", .right),
            ])
            let now = Date().timeIntervalSince1970
            for job in summaries {
                let isOver = ["Completed", "Failed", "Stopped"].contains(job.trainingJobStatus)
                let end = job.trainingEndTime ?? (isOver ? job.lastModifiedTime : now)
                let detail = job.secondaryStatus == job.trainingJobStatus ? "" : job.secondaryStatus
                table.add([
                    job.trainingJobName, job.trainingJobStatus, detail,
                    Quantity.time(seconds: job.creationTime),
                    Quantity.duration(seconds: end - job.creationTime),
                ])
            }
            return table.text
        }
    }
}
