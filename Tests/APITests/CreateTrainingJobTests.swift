import ClusterTypes
import JSON
import JobLifecycle
import JobSpecs
import SageMakerShapes
import Testing

@Suite("CreateTrainingJob")
struct CreateTrainingJobTests {
    @Test(
        "refuses an invalid job and stores nothing",
        arguments: InvalidTrainingJob.limits + InvalidTrainingJob.types + InvalidTrainingJob.rules)
    func refuses(_ invalid: InvalidTrainingJob) async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with(invalid.path, invalid.value)
            let answer = try await api.call("SageMaker.CreateTrainingJob", request)
            #expect(answer.status == 400)
            #expect(answer.errorType == invalid.type)
            #expect(answer.message == invalid.message)
            let stored = try await api.service.jobs()
            #expect(stored.isEmpty)
        }
    }

    @Test("refuses a program with a mistake", arguments: InvalidTrainingJob.programRules)
    func refusesProgram(_ invalid: InvalidTrainingJob) async throws {
        try await APIFixture.with { api in
            let program = Requests.create("job").with("AlgorithmSpecification.TrainingImage", nil)
                .with("AlgorithmSpecification.ContainerEntrypoint", .array(["./train"]))
            let answer = try await api.call(
                "SageMaker.CreateTrainingJob", program.with(invalid.path, invalid.value))
            #expect(answer.status == 400)
            #expect(answer.message == invalid.message)
            let good = try await api.call("SageMaker.CreateTrainingJob", program)
            #expect(good.status == 200, "\(good.message ?? "")")
        }
    }

    @Test("refuses a place outside of the folders that jobs may name, by field")
    func dataRoots() async throws {
        try await APIFixture.with(dataRoots: ["/nowhere/shared"]) { api in
            let request = Requests.create("job").with(
                "OutputDataConfig.S3OutputPath", .string("file:///nowhere/shared/../private"))
            let answer = try await api.call("SageMaker.CreateTrainingJob", request)
            #expect(answer.errorType == "AccessDeniedException")
            let beginning = "OutputDataConfig.S3OutputPath is /nowhere/shared/../private/job"
            #expect(answer.message?.hasPrefix(beginning) == true, "\(answer)")
            let stored = try await api.service.jobs()
            #expect(stored.isEmpty)
        }
    }

    @Test("answers with an ARN in the region of the client's credentials")
    func region() async throws {
        try await APIFixture.with { api in
            for region in ["eu-west-1", "ap-southeast-1"] {
                let answer = try await api.call(
                    "SageMaker.CreateTrainingJob", Requests.create("in-" + region), region: region)
                #expect(answer.status == 200)
                #expect(
                    answer.json["TrainingJobArn"]?.string
                        == "arn:aws:sagemaker:\(region):000000000000:training-job/in-\(region)")
            }
        }
    }

    @Test("hands the coordinator the request as it came, with what the scheduler needs")
    func draft() async throws {
        try await APIFixture.with { api in
            let text = try Requests.create("job").with("NewerMember", .object(["A": .integer(1)])).text(
                isPretty: true)
            let answer = try await api.send(target: "SageMaker.CreateTrainingJob", text: text)
            #expect(answer.status == 200)
            let last = await api.service.lastDraft()
            let draft = try #require(last)
            #expect(draft.requestJSON == text)
            #expect(draft.name == JobName("job"))
            #expect(draft.slotCount == 2)
            #expect(draft.maxRuntimeSeconds == 600)
            #expect(draft.maximumRestarts == 30)
            #expect(draft.modelArtifact == "file:///tmp/out/job/output/model.tar.gz")
            let job = try JobSpec(decoding: Array(draft.specJSON.utf8), source: "the draft")
            #expect(job.name == JobName("job") && job.arn == draft.arn)
            #expect(job.work.algorithm == "linear-learner")
        }
    }

    @Test("needs no more than name, algorithm, role, data and output")
    func defaults() async throws {
        try await APIFixture.with { api in
            var request = Requests.create("job")
            for member in ["ResourceConfig", "StoppingCondition"] {
                request = request.with(member, nil)
            }
            let answer = try await api.call("SageMaker.CreateTrainingJob", request)
            #expect(answer.status == 200)
            let last = await api.service.lastDraft()
            let draft = try #require(last)
            #expect(draft.slotCount == 1)
            #expect(draft.maxRuntimeSeconds == 86_400)
        }
    }

    @Test("takes the settings of the runtime as hyperparameters, and JSON quotes around values")
    func runtimeSettings() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with(
                "HyperParameters",
                .object([
                    "predictor_type": "\"regressor\"", "epochs": "\"3\"", "logical_shards": "64",
                    "seed": "7", "checkpoint_interval_steps": "10", "checkpoint_interval_seconds": "0.5",
                    "checkpoints_kept": "2",
                ])
            ).with("ResourceConfig.InstanceCount", .integer(64))
            let answer = try await api.call("SageMaker.CreateTrainingJob", request)
            #expect(answer.status == 200, "\(answer.message ?? "")")
        }
    }

    @Test(
        "finds the algorithm in names, images and ARNs",
        arguments: [
            ("TrainingImage", "linear-learner"),
            ("TrainingImage", "174872318107.dkr.ecr.us-west-2.amazonaws.com/linear-learner:1"),
            ("TrainingImage", "registry.example/linear-learner@sha256:00"),
            ("AlgorithmName", "linear-learner"),
            ("AlgorithmName", "arn:aws:sagemaker:us-east-1:000000000000:algorithm/linear-learner"),
        ])
    func algorithmName(_ member: String, _ name: String) async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with(
                "AlgorithmSpecification", .object([member: .string(name)]))
            let answer = try await api.call("SageMaker.CreateTrainingJob", request)
            #expect(answer.status == 200)
        }
    }

    @Test("refuses a name that is taken")
    func nameTaken() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job")
            _ = try await api.call("SageMaker.CreateTrainingJob", request, invocation: "first")
            let answer = try await api.call("SageMaker.CreateTrainingJob", request, invocation: "second")
            #expect(answer.status == 400)
            #expect(answer.errorType == "ResourceInUse")
            #expect(
                answer.message
                    == "Training job names must be unique within an AWS account and region, and a training "
                    + "job with this name already exists "
                    + "(arn:aws:sagemaker:eu-west-1:000000000000:training-job/job)")
            #expect(answer.json["LockstepCode"]?.string == "conflict")
        }
    }

    @Test("refuses from another region a name that is taken, with the ARN of the job that has it")
    func nameTakenElsewhere() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job")
            for (region, status) in [("us-west-2", 200), ("eu-west-1", 400), ("us-west-2", 400)] {
                let answer = try await api.call(
                    "SageMaker.CreateTrainingJob", request, region: region, invocation: "\(region)\(status)")
                let arn = "arn:aws:sagemaker:us-west-2:000000000000:training-job/job"
                #expect(answer.status == status)
                let text = (answer.message ?? "") + (answer.json["TrainingJobArn"]?.string ?? "")
                #expect(text.contains(arn) && !text.contains("eu-west-1"), "\(text)")
            }
        }
    }

    @Test("answers a retried call as the first time")
    func retried() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job")
            let first = try await api.call("SageMaker.CreateTrainingJob", request, invocation: "same")
            let again = try await api.call("SageMaker.CreateTrainingJob", request, invocation: "same")
            #expect(first.status == 200)
            #expect(again.status == 200)
            #expect(again.json == first.json)
            let stored = try await api.service.jobs()
            #expect(stored.count == 1)
        }
    }
}
