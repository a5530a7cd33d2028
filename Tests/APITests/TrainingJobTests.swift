import ClusterTypes
import Diagnostics
import JobLifecycle
import SageMakerShapes
import Testing

@Suite("Training jobs")
struct TrainingJobTests {
    private static let create = "SageMaker.CreateTrainingJob"
    private static let describe = "SageMaker.DescribeTrainingJob"

    @Test("are stored as received, with what the scheduler needs")
    func draft() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("first").with("RetryStrategy.MaximumRetryAttempts", 4)
            let answer = try await api.call(Self.create, request)
            #expect(answer.status == 200)
            #expect(answer.json == ["TrainingJobArn": .string(Self.arn("first"))])
            let draft = try #require(await api.service.lastDraft())
            #expect(
                draft
                    == JobDraft(
                        name: JobName("first"), requestJSON: try request.text(), arn: Self.arn("first"),
                        modelArtifact: "file:///tmp/out/first/output/model.tar.gz", slotCount: 2,
                        maxRuntimeSeconds: 600, maximumRestarts: 4))
        }
    }

    private static func arn(_ name: String) -> String {
        "arn:aws:sagemaker:eu-west-1:000000000000:training-job/\(name)"
    }

    @Test("need no role, mode, resources or stopping condition")
    func defaults() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("bare").with("RoleArn", nil).with("ResourceConfig", nil)
                .with("StoppingCondition", nil).with("AlgorithmSpecification.TrainingInputMode", nil)
                .with("InputDataConfig.0.DataSource.S3DataSource.S3DataType", nil)
            #expect(try await api.call(Self.create, request).status == 200)
            let draft = try #require(await api.service.lastDraft())
            #expect(draft.slotCount == 1)
            #expect(draft.maxRuntimeSeconds == 86_400)
            #expect(draft.maximumRestarts == 30)
            let job = try await api.call(Self.describe, Requests.named("bare")).json
            #expect(job["RoleArn"] == "arn:aws:iam::000000000000:role/lockstep")
            #expect(job["StoppingCondition"] == ["MaxRuntimeInSeconds": 86_400])
            #expect(
                job["ResourceConfig"]
                    == ["InstanceType": "ml.local", "InstanceCount": 1, "VolumeSizeInGB": 1])
            #expect(job["AlgorithmSpecification"]?["TrainingInputMode"] == "File")
        }
    }

    @Test(
        "take the algorithm from whatever SageMaker's tools call it",
        arguments: [
            "linear-learner", "linear-learner:1", "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1",
            "arn:aws:sagemaker:us-east-1:000000000000:algorithm/linear-learner",
            "registry:5000/linear-learner@sha256:00",
        ])
    func algorithmNames(_ image: String) async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with("AlgorithmSpecification.TrainingImage", .string(image))
            #expect(try await api.call(Self.create, request).status == 200)
        }
    }

    @Test("accept fast file mode as file mode")
    func fastFile() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with("AlgorithmSpecification.TrainingInputMode", "FastFile")
            #expect(try await api.call(Self.create, request).status == 200)
            let job = try await api.call(Self.describe, Requests.named("job")).json
            #expect(job["AlgorithmSpecification"]?["TrainingInputMode"] == "FastFile")
        }
    }

    @Test("with a taken name are refused as SageMaker refuses them")
    func takenName() async throws {
        try await APIFixture.with { api in
            _ = try await api.call(Self.create, Requests.create("job"), invocation: "a")
            let again = try await api.call(Self.create, Requests.create("job"), invocation: "b")
            #expect(again.status == 400)
            #expect(again.errorType == "ResourceInUse")
            #expect(
                again.message
                    == "Training job names must be unique within an AWS account and region, and a training "
                    + "job with this name already exists (\(Self.arn("job")))")
            #expect(again.json["LockstepCode"] == "conflict")
        }
    }

    @Test("created twice by the retries of one call are one job")
    func retriedCreate() async throws {
        try await APIFixture.with { api in
            let first = try await api.call(Self.create, Requests.create("job"), invocation: "a")
            let second = try await api.call(Self.create, Requests.create("job"), invocation: "a")
            #expect(second.status == 200)
            #expect(first.json == second.json)
            #expect(try await api.service.jobs().count == 1)
        }
    }

    @Test("give back members this cluster does not know, but no tags")
    func echo() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with("FutureConfig", ["Deep": .array([1, "two"])])
                .with("DebugHookConfig", ["S3OutputPath": "s3://bucket/debug"])
                .with("Tags", .array([["Key": "team", "Value": "ä"]]))
            #expect(try await api.call(Self.create, request).status == 200)
            let job = try await api.call(Self.describe, Requests.named("job")).json
            #expect(job["FutureConfig"] == ["Deep": .array([1, "two"])])
            #expect(job["DebugHookConfig"] == ["S3OutputPath": "s3://bucket/debug"])
            #expect(job["Tags"] == nil)
            let tags = try await api.call("SageMaker.ListTags", ["ResourceArn": .string(Self.arn("job"))])
            #expect(tags.json == ["Tags": .array([["Key": "team", "Value": "ä"]])])
        }
    }

    @Test("describe what clients read without asking")
    func describeFresh() async throws {
        try await APIFixture.with { api in
            _ = try await api.call(Self.create, Requests.create("job"))
            let job = try await api.call(Self.describe, Requests.named("job")).json
            #expect(job["TrainingJobStatus"] == "InProgress")
            #expect(job["SecondaryStatus"] == "Starting")
            #expect(job["OutputDataConfig"]?["KmsKeyId"] == "")
            #expect(job["EnableManagedSpotTraining"] == .bool(false))
            #expect(
                job["ModelArtifacts"] == ["S3ModelArtifacts": "file:///tmp/out/job/output/model.tar.gz"])
            #expect(
                job["SecondaryStatusTransitions"]
                    == .array([
                        [
                            "Status": "Starting", "StartTime": .number(1_795_219_459.5),
                            "StatusMessage": "Starting the training job",
                        ]
                    ]))
            #expect(job["TrainingTimeInSeconds"] == nil)
            #expect(job["ModelHash"] == nil)
        }
    }

    @Test("describe metrics, times and the model's hash when they are over")
    func describeCompleted() async throws {
        try await APIFixture.with { api in
            _ = try await api.call(Self.create, Requests.create("job"))
            try await api.service.complete("job")
            let job = try await api.call(Self.describe, Requests.named("job")).json
            #expect(job["TrainingJobStatus"] == "Completed")
            #expect(job["ModelHash"] == "5eed")
            #expect(job["TrainingTimeInSeconds"] == 11)
            #expect(job["BillableTimeInSeconds"] == 11)
            #expect(
                job["FinalMetricDataList"]
                    == .array([
                        [
                            "MetricName": "validation:objective_loss", "Value": .number(0.125),
                            "Timestamp": .number(1_795_219_471.75),
                        ]
                    ]))
        }
    }

    @Test("leave out numbers that JSON cannot hold")
    func notFinite() async throws {
        try await APIFixture.with { api in
            _ = try await api.call(Self.create, Requests.create("job"))
            try await api.service.change("job") { record in
                record.loss = .nan
                record.samplesPerSecond = .infinity
                record.progress = 0.5
                record.finalMetrics = [FinalMetric(name: "x", value: .infinity, time: 1)]
            }
            let answer = try await api.call(Self.describe, Requests.named("job"))
            #expect(answer.status == 200)
            #expect(answer.json["TrainingProgress"] == ["Fraction": .number(0.5)])
            #expect(answer.json["FinalMetricDataList"] == nil)
        }
    }

    @Test("that do not exist are not found in SageMaker's way", arguments: [describe, "SageMaker.StopTrainingJob"])
    func unknownJob(_ target: String) async throws {
        try await APIFixture.with { api in
            let answer = try await api.call(target, Requests.named("nobody"))
            #expect(answer.status == 400)
            #expect(answer.errorType == "ValidationException")
            #expect(answer.message == "Requested resource not found.")
            #expect(answer.json["LockstepCode"] == "not-found")
        }
    }

    @Test("stop once, and not when they are over")
    func stop() async throws {
        try await APIFixture.with { api in
            _ = try await api.call(Self.create, Requests.create("job"))
            let stopped = try await api.call("SageMaker.StopTrainingJob", Requests.named("job"))
            #expect(stopped.status == 200)
            #expect(stopped.json == .object([:]))
            let job = try await api.call(Self.describe, Requests.named("job")).json
            #expect(job["TrainingJobStatus"] == "Stopping")
            try await api.service.complete("job")
            let late = try await api.call("SageMaker.StopTrainingJob", Requests.named("job"))
            #expect(late.errorType == "ValidationException")
            #expect(
                late.message
                    == "The request was rejected because the training job is in status Completed.")
        }
    }
}
