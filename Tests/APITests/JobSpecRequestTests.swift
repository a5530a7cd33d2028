import ClusterTypes
import Diagnostics
import Foundation
import JSON
import JobRequests
import JobSpecs
import SageMakerShapes
import StorageLocations
import Testing

@Suite("A job from its request")
struct JobSpecRequestTests {
    private func job(_ changes: (String, JSONValue?)...) throws -> JobSpec {
        var request = Requests.create("job")
        for (path, value) in changes { request = request.with(path, value) }
        return try JobSpec(request.decode(CreateTrainingJobRequest.self), arn: "arn:job")
    }

    @Test func `takes over all that it is`() throws {
        let job = try job(
            (
                "Environment",
                .object(["A": "1", "LOCKSTEP_PRIORITY": "7", "LOCKSTEP_MIN_INSTANCE_COUNT": "1"])
            ),
            ("CheckpointConfig", .object(["S3Uri": "s3://b/c", "LocalPath": "/opt/ml/here"])),
            ("EnableManagedSpotTraining", .bool(true)),
            ("StoppingCondition.MaxWaitTimeInSeconds", .integer(900)),
            ("RetryStrategy", .object(["MaximumRetryAttempts": .integer(3)])))
        #expect(job.name == JobName("job") && job.arn == "arn:job")
        #expect(job.work == JobSpec.Work(algorithm: "linear-learner"))
        #expect(job.channels.map(\.name) == ["train"])
        #expect(job.channels[0].location.uri.hasPrefix("file:///"))
        #expect(job.locations.output.uri == "file:///tmp/out")
        #expect(job.locations.checkpoints?.uri == "s3://b/c")
        #expect(job.locations.checkpointMount == "/opt/ml/here")
        #expect(job.resources.ranks == 2 && job.resources.minimumRanks == 1)
        #expect(
            job.policy
                == JobSpec.Policy(
                    usesSpot: true, priority: 7, isPreemptible: true, keeper: .whenAllSpot,
                    maximumRestarts: 3, maxRuntimeSeconds: 600, maxWaitSeconds: 900))
        #expect(job.environment["A"] == "1")
        #expect(try JobSpec(decoding: job.encoded(), source: "job.json") == job)
    }

    @Test func `has SageMaker's defaults, and what its channels say for all`() throws {
        let job = try job(
            ("StoppingCondition", nil), ("ResourceConfig", nil),
            ("AlgorithmSpecification.TrainingInputMode", "FastFile"),
            ("InputDataConfig.0.DataSource.S3DataSource.S3DataDistributionType", "ShardedByS3Key"))
        #expect(job.resources == JobSpec.Resources(instanceType: nil, ranks: 1))
        #expect(job.policy == JobSpec.Policy(keeper: .whenAllSpot))
        #expect(job.policy.maxRuntimeSeconds == 86_400 && job.policy.maximumRestarts == 30)
        #expect(job.channels[0].inputMode == .fastFile && job.channels[0].distribution == .sharded)
        #expect(job.channels[0].recordWrapper == .none)
    }

    @Test func `has its program, and the ranks of an MPI program`() throws {
        let command: JSONValue = .array(["python3", "train.py"])
        let script = try job(
            (
                "AlgorithmSpecification",
                .object(["ContainerEntrypoint": command, "TrainingImage": "debian:12"])
            ))
        #expect(
            script.work.program
                == JobSpec.Program(.script, command: ["python3", "train.py"], image: "debian:12"))
        #expect(script.work.algorithm == nil && script.policy.keeper == .never)
        let world = try job(
            ("AlgorithmSpecification", .object(["TrainingInputMode": "File"])),
            (
                "HyperParameters",
                .object([
                    "sagemaker_program": "\"t.py\"", "sagemaker_mpi_enabled": "true",
                    "sagemaker_mpi_num_of_processes_per_host": "3",
                    "sagemaker_submit_directory": "\"/code\"",
                ])
            ))
        #expect(world.work.programKind == .mpi && world.work.program?.command == nil)
        #expect(world.resources.ranks == 6 && world.codeLocation == "/code")
        let own = try job(
            (
                "AlgorithmSpecification",
                .object([
                    "ContainerEntrypoint": .array(["/bin/pca"]), "ContainerArguments": .array(["-v"]),
                    "TrainingImage": "pca:1",
                ])
            ), ("Environment", .object(["LOCKSTEP_PROGRAM": "algorithm"])))
        #expect(
            own.work.program
                == JobSpec.Program(.algorithm, command: ["/bin/pca"], arguments: ["-v"], image: "pca:1"))
        #expect(own.policy.keeper == .whenAllSpot)
    }

    @Test(
        "names the member of what is none",
        arguments: [
            (
                "Environment", .object(["LOCKSTEP_PRIORITY": "high"]),
                "LOCKSTEP_PRIORITY in Environment is 'high'"
            ),
            ("Environment", .object(["LOCKSTEP_PROGRAM": "x"]), "LOCKSTEP_PROGRAM in Environment is 'x'"),
            ("ResourceConfig.MinInstanceCount", .integer(3), "ResourceConfig.MinInstanceCount is 3"),
            ("OutputDataConfig", nil, "OutputDataConfig.S3OutputPath is missing"),
            ("OutputDataConfig.S3OutputPath", "out", "OutputDataConfig.S3OutputPath is out"),
            ("InputDataConfig.0.DataSource", nil, "channel 'train' has no DataSource"),
            (
                "InputDataConfig.0.DataSource.S3DataSource.S3DataType", "ManifestFile",
                "channel 'train' has S3DataType ManifestFile"
            ),
        ] as [(String, JSONValue?, String)])
    func refuses(_ path: String, _ value: JSONValue?, _ message: String) throws {
        let error = #expect(throws: LockstepError.self) { try job((path, value)) }
        #expect(error?.code == .configuration)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test func `comes from a supervisor as it is, and from an earlier cluster as its request`() throws {
        let job = try job()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("job-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("job.json")
        try Data(job.encoded()).write(to: file)
        #expect(try HandedJob.read(file.path, isSupervised: true, outputFolder: nil) == job)
        var moved = job
        moved.locations.output = StorageLocation(path: "/else")
        #expect(try HandedJob.read(file.path, isSupervised: true, outputFolder: "/else") == moved)
        try Data(try Requests.create("job").text().utf8).write(to: file)
        var handed = try HandedJob.read(file.path, isSupervised: true, outputFolder: nil)
        handed.arn = job.arn
        #expect(handed == job)
        // By hand a name is not needed.
        let nameless = folder.appendingPathComponent("my_job.v2.json")
        try Data(try Requests.create("job").with("TrainingJobName", nil).text().utf8).write(to: nameless)
        let byHand = try HandedJob.read(nameless.path, isSupervised: false, outputFolder: nil)
        #expect(byHand.name == JobName("my-job"))
    }
}
