import Diagnostics
import Foundation
import JSON
import JobRequests
import SageMakerAPI
import SageMakerShapes
import Testing

@Suite("Members of CreateTrainingJob")
struct RequestMembersTests {
    /// A member that is refused, in a value that asks for something.
    static let refused: [(path: String, value: JSONValue)] = [
        ("OutputDataConfig.KmsKeyId", "alias/my-key"),
        ("ResourceConfig.VolumeKmsKeyId", "alias/my-key"),
        ("ResourceConfig.KeepAlivePeriodInSeconds", .integer(600)),
        ("ResourceConfig.InstancePlacementConfig", .object(["EnableMultipleJobs": .bool(true)])),
        ("EnableInterContainerTrafficEncryption", .bool(true)),
        (
            "VpcConfig",
            .object(["SecurityGroupIds": .array(["sg-1"]), "Subnets": .array(["subnet-1"])])
        ),
        ("StoppingCondition.MaxPendingTimeInSeconds", .integer(7200)),
        ("TensorBoardOutputConfig", .object(["S3OutputPath": "file:///tmp/tb"])),
        (
            "DebugHookConfig",
            .object([
                "S3OutputPath": "file:///tmp/d",
                "CollectionConfigurations": .array([.object(["CollectionName": "losses"])]),
            ])
        ),
        ("DebugRuleConfigurations", .array([.object(["RuleConfigurationName": "VanishingGradient"])])),
        ("ProfilerConfig", .object(["ProfilingIntervalInMilliseconds": .integer(500)])),
        (
            "ProfilerRuleConfigurations",
            .array([.object(["RuleParameters": .object(["rule_to_invoke": "CPUBottleneck"])])])
        ),
        ("RemoteDebugConfig", .object(["EnableRemoteDebug": .bool(true)])),
        ("InfraCheckConfig", .object(["EnableInfraCheck": .bool(true)])),
        ("SessionChainingConfig", .object(["EnableSessionTagChaining": .bool(true)])),
        ("ModelPackageConfig", .object(["ModelPackageGroupArn": "arn"])),
        ("MlflowConfig", .object(["MlflowResourceArn": "arn"])),
        (
            "AlgorithmSpecification.TrainingImageConfig",
            .object(["TrainingRepositoryAccessMode": "Vpc"])
        ),
        ("InputDataConfig.0.ShuffleConfig", .object(["Seed": .integer(0)])),
        ("InputDataConfig.0.DataSource.S3DataSource.AttributeNames", .array(["a"])),
    ]

    @Test("what would have no effect is refused by name, and nothing is stored", arguments: refused)
    func refuses(_ path: String, _ value: JSONValue) async throws {
        try await APIFixture.with { api in
            let answer = try await api.call(
                "SageMaker.CreateTrainingJob", Requests.create("job").with(path, value))
            #expect(answer.status == 400)
            #expect(answer.errorType == "ValidationException")
            let name = path.split(separator: ".").last.map(String.init) ?? ""
            #expect(answer.message?.contains(name) == true, "\(answer.message ?? "")")
            #expect(answer.message?.contains("is not offered: ") == true, "\(answer.message ?? "")")
            #expect(try await api.service.jobs().isEmpty)
        }
    }

    @Test("network isolation is refused for programs and taken for built-in algorithms")
    func networkIsolation() async throws {
        try await APIFixture.with { api in
            let isolated = Requests.create("job").with("EnableNetworkIsolation", .bool(true))
            let program = isolated.with("AlgorithmSpecification.TrainingImage", nil)
                .with("AlgorithmSpecification.ContainerEntrypoint", .array(["./train"]))
            let refused = try await api.call("SageMaker.CreateTrainingJob", program)
            #expect(refused.message?.hasPrefix("EnableNetworkIsolation is not offered: ") == true)
            let allowed = try await api.call(
                "SageMaker.CreateTrainingJob", program.with("EnableNetworkIsolation", .bool(false)))
            #expect(allowed.status == 200)
            let builtIn = try await api.call(
                "SageMaker.CreateTrainingJob", isolated.with("TrainingJobName", "other"))
            #expect(builtIn.status == 200)
        }
    }

    /// What the SDKs send without being asked.
    static let unasked: [(path: String, value: JSONValue)] = [
        (
            "DebugHookConfig",
            .object(["S3OutputPath": "file:///tmp/out", "CollectionConfigurations": .array([])])
        ),
        (
            "ProfilerConfig",
            .object(["S3OutputPath": "file:///tmp/out", "DisableProfiler": .bool(false)])
        ),
        (
            "ProfilerRuleConfigurations",
            .array([
                .object([
                    "RuleConfigurationName": "ProfilerReport-1", "RuleEvaluatorImage": "image",
                    "RuleParameters": .object(["rule_to_invoke": "ProfilerReport"]),
                ])
            ])
        ),
        ("AlgorithmSpecification.EnableSageMakerMetricsTimeSeries", .bool(true)),
        ("RemoteDebugConfig", .object(["EnableRemoteDebug": .bool(false)])),
        ("ResourceConfig.KeepAlivePeriodInSeconds", .integer(0)),
        ("ResourceConfig.InstanceGroups", .array([])),
        ("ExperimentConfig", .object(["ExperimentName": "a"])),
        ("NewerMember", .object(["Nested": .array([.object(["Deeper": .number(1.5)])])])),
        ("ResourceConfig.NewerMember", .bool(true)),
    ]

    @Test("what clients send by themselves, and what is newer than this cluster, is kept", arguments: unasked)
    func keeps(_ path: String, _ value: JSONValue) async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with(path, value)
            let answer = try await api.call("SageMaker.CreateTrainingJob", request)
            #expect(answer.status == 200, "\(answer.message ?? "")")
            let described = try await api.call("SageMaker.DescribeTrainingJob", Requests.named("job"))
            let parts = path.split(separator: ".").map(String.init)
            let echoed = parts.reduce(Optional(described.json)) { $0?[$1] }
            #expect(echoed == value)
        }
    }

    @Test("a request that was taken is read again whatever it holds")
    func takenRequest() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("request-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let text = #"""
            {"TrainingJobName": "job", "Bogus": {"A": [1, null]}, "RoleArn": null,
             "AlgorithmSpecification": {"AlgorithmName": "kmeans", "Newer": 1},
             "HyperParameters": {"note": "\ud83d\ude00 \/"},
             "InputDataConfig": [{"ChannelName": "train", "Odd": true,
                "DataSource": {"S3DataSource": {"S3Uri": "file:///tmp/data", "Odd": {}}}}],
             "OutputDataConfig": {"S3OutputPath": "file:///tmp/out"},
             "ResourceConfig": {"InstanceCount": 1.0}}
            """#
        try text.write(to: file, atomically: true, encoding: .utf8)
        let request = try JobFile(takenRequest: file.path).request()
        #expect(request.resourceConfig?.instanceCount == 1)
        #expect(request.hyperParameters?["note"] == "\u{1F600} /")
        // In a job file that somebody wrote, it is a mistake.
        try #"{"Bogus": 1}"#.write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: LockstepError.self) { try JobFile(path: file.path) }
        #expect(error?.message.contains("a training job has no member Bogus") == true)
    }

    @Test("whole numbers may have a decimal point, also in job files")
    func wholeNumbers() async throws {
        try await APIFixture.with { api in
            let text = try Requests.create("job").text()
                .replacingOccurrences(of: #""InstanceCount":2"#, with: #""InstanceCount":2.0"#)
                .replacingOccurrences(of: #""MaxRuntimeInSeconds":600"#, with: #""MaxRuntimeInSeconds":6e2"#)
            #expect(text.contains("2.0") && text.contains("6e2"))
            let answer = try await api.send(target: "SageMaker.CreateTrainingJob", text: text)
            #expect(answer.status == 200, "\(answer.message ?? "")")
            let job = try await api.call("SageMaker.DescribeTrainingJob", Requests.named("job")).json
            #expect(job["ResourceConfig"]?["InstanceCount"] == .integer(2))
            #expect(job["StoppingCondition"]?["MaxRuntimeInSeconds"] == .integer(600))
            let list = try await api.send(
                target: "SageMaker.ListTrainingJobs", text: #"{"MaxResults": 1.0}"#)
            #expect(list.status == 200)
        }
        let file = try JobFile(
            text: "ResourceConfig: {InstanceCount: 2.0}", path: "job.yaml", folder: "/")
        #expect(file.json["ResourceConfig"]?["InstanceCount"] == .integer(2))
    }

    @Test("long values and many mistakes are told in short")
    func shortMessages() async throws {
        try await APIFixture.with { api in
            let long = JSONValue.string(String(repeating: "ü/", count: 300_000))
            var environment: [String: JSONValue] = [:]
            for number in 0..<101 { environment["V\(number)"] = "x" }
            for (path, value) in [
                ("TrainingJobName", long), ("AlgorithmSpecification.TrainingInputMode", long),
                ("HyperParameters.epochs", long), ("RoleArn", long), ("Environment", .object(environment)),
                ("Tags", .array(Array(repeating: .object(["Key": long, "Value": long]), count: 2))),
            ] {
                let answer = try await api.call(
                    "SageMaker.CreateTrainingJob", Requests.create("job").with(path, value))
                #expect(answer.status == 400)
                #expect((answer.message ?? "").utf8.count < 4000, "\(path)")
            }
            let target = try await api.call(String(repeating: "x", count: 60_000), .object([:]))
            #expect((target.message ?? "").utf8.count < 9000)
        }
    }
}
