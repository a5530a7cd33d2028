import ClusterTypes
import Foundation
import JSON
import JobLifecycle
import SageMakerShapes
import Testing

@Suite("DescribeTrainingJob")
struct DescribeTrainingJobTests {
    private let describe = "SageMaker.DescribeTrainingJob"

    @Test("gives back the request, newer members included, without the tags")
    func echo() async throws {
        try await APIFixture.with { api in
            let newer = JSONValue.object(["A": .array([.integer(1), .null])])
            let request = Requests.create("job").with("NewerMember", newer)
                .with("Tags", .array([.object(["Key": "team", "Value": "a"])]))
            _ = try await api.call("SageMaker.CreateTrainingJob", request)
            let job = try await api.call(describe, Requests.named("job")).json
            for member in ["TrainingJobName", "HyperParameters", "RoleArn", "StoppingCondition"] {
                #expect(job[member] == request[member])
            }
            #expect(job["NewerMember"] == newer)
            #expect(job["Tags"] == nil)
        }
    }

    @Test("fills in what clients read without a default")
    func defaults() async throws {
        try await APIFixture.with { api in
            let request = JSONValue.object([
                "TrainingJobName": "job", "AlgorithmSpecification": .object(["AlgorithmName": "kmeans"]),
                "HyperParameters": .object(["k": "10", "feature_dim": "64"]),
                "InputDataConfig": .array([Requests.channel("train")]),
                "OutputDataConfig": .object(["S3OutputPath": "file:///tmp/out/"]),
                "RoleArn": "arn:aws:iam::000000000000:role/lockstep",
            ])
            _ = try await api.call("SageMaker.CreateTrainingJob", request)
            let job = try await api.call(describe, Requests.named("job")).json
            #expect(job["OutputDataConfig"]?["KmsKeyId"] == "")
            #expect(job["StoppingCondition"]?["MaxRuntimeInSeconds"] == .integer(86_400))
            #expect(job["ResourceConfig"]?["InstanceCount"] == .integer(1))
            #expect(job["ResourceConfig"]?["VolumeSizeInGB"] == .integer(1))
            #expect(job["RoleArn"] == "arn:aws:iam::000000000000:role/lockstep")
            #expect(job["EnableManagedSpotTraining"] == .bool(false))
            #expect(job["AlgorithmSpecification"]?["TrainingInputMode"] == "File")
            #expect(job["InputDataConfig"]?.array?.first?["RecordWrapperType"] == "None")
            #expect(
                job["ModelArtifacts"]?["S3ModelArtifacts"] == "file:///tmp/out/job/output/model.tar.gz")
            let metrics = job["AlgorithmSpecification"]?["MetricDefinitions"]?.array ?? []
            #expect(metrics.contains { $0["Name"] == "train:msd" })
        }
    }

    @Test("shows a new job as starting, with a message for every transition")
    func starting() async throws {
        try await APIFixture.with { api in
            let time = await api.service.now
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            let job = try await api.call(describe, Requests.named("job")).json
            #expect(job["TrainingJobStatus"] == "InProgress")
            #expect(job["SecondaryStatus"] == "Starting")
            #expect(job["CreationTime"] == .number(time))
            #expect(job["LastModifiedTime"] == .number(time))
            #expect(
                job["SecondaryStatusTransitions"]?.array == [
                    .object([
                        "Status": "Starting", "StartTime": .number(time),
                        "StatusMessage": "Starting the training job",
                    ])
                ])
            for member in ["TrainingEndTime", "FailureReason", "ModelHash", "ProgressInfo"] {
                #expect(job[member] == nil)
            }
        }
    }

    @Test("shows metrics, times and model hash of a job that completed")
    func completed() async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            try await api.service.complete("job")
            let job = try await api.call(describe, Requests.named("job")).json
            let record = try await api.service.job(JobName("job"))
            #expect(job["TrainingJobStatus"] == "Completed")
            #expect(job["ModelHash"] == "5eed")
            // Ten and a quarter seconds, in whole seconds begun.
            #expect(job["TrainingTimeInSeconds"] == .integer(11))
            #expect(job["BillableTimeInSeconds"] == .integer(11))
            #expect(job["TrainingEndTime"]?.real == record.trainingEndTime)
            let last = job["SecondaryStatusTransitions"]?.array?.last
            #expect(last?["EndTime"]?.real == record.trainingEndTime)
            let metric = job["FinalMetricDataList"]?.array?.first
            #expect(metric?["MetricName"] == "validation:objective_loss")
            #expect(metric?["Value"] == .number(0.125))
        }
    }

    @Test("a job that is over has a model artifact only where one lies", arguments: [true, false])
    func artifact(_ isThere: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID())")
        let output = folder.appendingPathComponent("job/output")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        if isThere { try Data().write(to: output.appendingPathComponent("model.tar.gz")) }
        try await APIFixture.with { api in
            let request = Requests.create("job").with(
                "OutputDataConfig.S3OutputPath", .string("file://" + folder.path))
            _ = try await api.call("SageMaker.CreateTrainingJob", request)
            let running = try await api.call(describe, Requests.named("job")).json
            #expect(running["ModelArtifacts"]?["S3ModelArtifacts"] != nil)
            for status in [JobStatus.stopped, .failed] {
                try await api.service.change("job") { $0.status = status }
                let job = try await api.call(describe, Requests.named("job")).json
                #expect((job["ModelArtifacts"] != nil) == isThere)
            }
        }
    }

    @Test("leaves out numbers that JSON does not have and cuts a long reason")
    func notFinite() async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            try await api.service.change("job") { record in
                record.finalMetrics = [FinalMetric(name: "train:mse", value: .nan, time: 1)]
                record.loss = .infinity
                record.step = 7
                record.epoch = 2
                record.status = .failed
                record.failureReason = String(repeating: "x", count: 2000)
            }
            let answer = try await api.call(describe, Requests.named("job"))
            #expect(answer.status == 200)
            #expect(answer.json["FinalMetricDataList"] == nil)
            #expect(answer.json["TrainingProgress"]?["Loss"] == nil)
            #expect(answer.json["ProgressInfo"]?["CurrentStep"] == .integer(7))
            #expect(answer.json["ProgressInfo"]?["CurrentEpoch"] == .integer(2))
            #expect(answer.json["FailureReason"]?.string?.count == 1024)
        }
    }

    @Test("lists the attempts with their workers")
    func attempts() async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            try await api.service.change("job") { record in
                var first = AttemptRecord(
                    number: 1, startTime: 10, workers: [WorkerID("worker-2"), WorkerID("worker-1")])
                first.endTime = 20
                first.lastStep = 30
                first.outcome = "rank 1 was ended by signal 9"
                record.attempts = [first, AttemptRecord(number: 2, startTime: 21, workers: [])]
            }
            let job = try await api.call(describe, Requests.named("job")).json
            let attempts = job["Attempts"]?.array ?? []
            #expect(attempts.count == 2)
            #expect(attempts.first?["Workers"] == .array(["worker-2", "worker-1"]))
            #expect(attempts.first?["LastStep"] == .integer(30))
            #expect(attempts.first?["Outcome"] == "rank 1 was ended by signal 9")
            #expect(attempts.last?["Outcome"] == nil)
        }
    }

    @Test("calls an unknown job what SageMaker calls it", arguments: ["Describe", "Stop"])
    func unknown(_ verb: String) async throws {
        try await APIFixture.with { api in
            let answer = try await api.call("SageMaker.\(verb)TrainingJob", Requests.named("none"))
            #expect(answer.status == 400)
            #expect(answer.errorType == "ValidationException")
            #expect(answer.message == "Requested resource not found.")
            #expect(answer.json["LockstepCode"] == "not-found")
        }
    }

    @Test("gives the tags of a job")
    func tags() async throws {
        try await APIFixture.with { api in
            let tags = JSONValue.array([.object(["Key": "team", "Value": "a"])])
            let arns = try await ["with", "without"].asyncMap { name in
                let request = Requests.create(name).with("Tags", name == "with" ? tags : nil)
                return try await api.call("SageMaker.CreateTrainingJob", request).json["TrainingJobArn"]
            }
            let answers = try await arns.asyncMap {
                try await api.call("SageMaker.ListTags", .object(["ResourceArn": $0 ?? .null])).json
            }
            #expect(answers.map { $0["Tags"] } == [tags, .array([])])
        }
    }
}

extension Array {
    /// The elements' images, one after the other.
    func asyncMap<Image>(_ transform: (Element) async throws -> Image) async throws -> [Image] {
        var images: [Image] = []
        for element in self { images.append(try await transform(element)) }
        return images
    }
}
