import ClusterTypes
import Foundation
import JSON
import JobLifecycle
import SageMakerShapes
import Testing

/// The `aws` command as it comes, against a live port.
@Suite("aws", .enabled(if: Installed.aws, "aws is not installed: scripts/test installs it"))
struct AWSCommandLineTests {
    private func aws(_ words: [String], _ endpoint: String) async throws -> ProgramResult {
        try await ProgramResult.of(
            "aws", words, environment: LiveServer.environment(endpoint: endpoint))
    }

    @Test("creates a job from a request in JSON, describes, lists and stops it")
    func lifecycle() async throws {
        try await LiveServer.with(FakeJobService()) { endpoint in
            let request = try Requests.create("job").text()
            let created = try await aws(
                ["sagemaker", "create-training-job", "--cli-input-json", request, "--output", "text"],
                endpoint)
            #expect(created.error.isEmpty)
            #expect(created.output == "arn:aws:sagemaker:us-east-1:000000000000:training-job/job\n")
            let described = try await aws(
                [
                    "sagemaker", "describe-training-job", "--training-job-name", "job", "--query",
                    "[TrainingJobStatus,ResourceConfig.InstanceCount]", "--output", "text",
                ], endpoint)
            #expect(described.output == "InProgress\t2\n")
            let stopped = try await aws(
                ["sagemaker", "stop-training-job", "--training-job-name", "job"], endpoint)
            #expect(stopped.isSuccess)
            let listed = try await aws(
                [
                    "sagemaker", "list-training-jobs", "--status-equals", "Stopping", "--query",
                    "TrainingJobSummaries[].TrainingJobName", "--output", "text",
                ], endpoint)
            #expect(listed.output == "job\n")
        }
    }

    @Test("lists page after page by itself")
    func pages() async throws {
        try await LiveServer.with(FakeJobService()) { endpoint in
            for name in ["a", "b", "c"] {
                let request = try Requests.create(name).text()
                let created = try await aws(
                    ["sagemaker", "create-training-job", "--cli-input-json", request], endpoint)
                #expect(created.isSuccess)
            }
            let listed = try await aws(
                [
                    "sagemaker", "list-training-jobs", "--page-size", "1", "--query",
                    "TrainingJobSummaries[].TrainingJobName", "--output", "json",
                ], endpoint)
            let names = try JSONValue(parsing: Data(listed.output.utf8))
            #expect(names == .array(["a", "b", "c"]))
        }
    }

    @Test("shows a refusal in the server's words")
    func refusal() async throws {
        try await LiveServer.with(FakeJobService()) { endpoint in
            let request = try Requests.create("job").with("HyperParameters.epoch", "3").text()
            let result = try await aws(
                ["sagemaker", "create-training-job", "--cli-input-json", request], endpoint)
            #expect(!result.isSuccess)
            #expect(
                result.error.contains(
                    "An error occurred (ValidationException) when calling the CreateTrainingJob operation: "
                        + "hyperparameter epoch is unknown to linear-learner; did you mean epochs?"))
        }
    }

    @Test("prints a log")
    func logs() async throws {
        let service = FakeJobService()
        await service.addLines(3, toStream: "job/algo-1-1795219459", start: 1_795_219_459)
        try await LiveServer.with(service) { endpoint in
            let request = try Requests.create("job").text()
            _ = try await aws(
                ["sagemaker", "create-training-job", "--cli-input-json", request], endpoint)
            let result = try await aws(
                [
                    "logs", "get-log-events", "--log-group-name", "/aws/sagemaker/TrainingJobs",
                    "--log-stream-name", "job/algo-1-1795219459", "--start-from-head", "--query",
                    "events[].message", "--output", "text",
                ], endpoint)
            #expect(result.output == "line 0\tline 1\tline 2\n")
        }
    }
}
