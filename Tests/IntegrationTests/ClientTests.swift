import Foundation
import Testing

/// Unmodified `boto3` and `aws` against built daemons.
@Suite(.serialized) struct ClientTests {
    static let environment = [
        "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
    ]

    @Test func `boto3 creates, waits for, lists, stops and reads the logs of jobs`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 2, in: folder) { cluster in
                let job = try SampleJob.linearLearner(.dense, name: "from-boto3").write(to: folder)
                var slow = SampleJob.linearLearner(.dense, name: "to-stop")
                slow.environment["LOCKSTEP_STEP_DELAY_MS"] = "300"
                let other = try slow.write(to: folder)
                let script = Program.packageRoot.appendingPathComponent(
                    "Tests/IntegrationTests/Clients/drive_boto3.py")
                let outcome = try Program.run(
                    "python3", [script.path, cluster.api, job.path, other.path], in: folder,
                    environment: Self.environment)
                #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
            }
        }
    }

    @Test func `the AWS command line drives it`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 1, in: folder) { cluster in
                let job = try SampleJob.kmeans(.sparse, name: "from-aws").write(to: folder)
                func aws(_ arguments: String...) throws -> Program.Outcome {
                    try Program.run(
                        "aws", ["--endpoint-url", cluster.api] + arguments, in: folder,
                        environment: Self.environment)
                }
                let created = try aws(
                    "sagemaker", "create-training-job", "--cli-input-json", "file://\(job.path)")
                #expect(created.status == 0, "\(created.error)")
                #expect(created.output.contains("arn:aws:sagemaker:eu-west-1:"), "\(created.output)")
                _ = try cluster.finished("from-aws")
                let described = try aws(
                    "sagemaker", "describe-training-job", "--training-job-name", "from-aws")
                #expect(described.output.contains("\"Completed\""), "\(described.output) \(described.error)")
                let listed = try aws("sagemaker", "list-training-jobs", "--status-equals", "Completed")
                #expect(listed.output.contains("from-aws"), "\(listed.output)")
                let streams = try aws(
                    "logs", "describe-log-streams", "--log-group-name", "/aws/sagemaker/TrainingJobs",
                    "--log-stream-name-prefix", "from-aws/")
                #expect(streams.output.contains("from-aws/algo-1-"), "\(streams.output) \(streams.error)")
                let again = try aws(
                    "sagemaker", "create-training-job", "--cli-input-json", "file://\(job.path)")
                #expect(again.status != 0 && again.error.contains("(ResourceInUse)"), "\(again.error)")
                let stopped = try aws("sagemaker", "stop-training-job", "--training-job-name", "from-aws")
                #expect(
                    stopped.error.contains(
                        "The request was rejected because the training job is in status Completed."),
                    "\(stopped.error)")
            }
        }
    }
}
