import ClusterTypes
import JobLifecycle
import Testing

/// boto3 as it comes, against a live port.
@Suite("boto3", .enabled(if: Installed.boto3, "boto3 is not installed: scripts/test installs it"))
struct Boto3Tests {
    private static let prelude = """
        import boto3, json, sys
        from botocore.exceptions import ClientError
        sm = boto3.client("sagemaker")
        logs = boto3.client("logs")
        def create(name, **more):
            request = dict(TrainingJobName=name,
                AlgorithmSpecification=dict(TrainingImage="linear-learner", TrainingInputMode="File"),
                RoleArn="arn:aws:iam::000000000000:role/lockstep",
                HyperParameters=dict(predictor_type="regressor", epochs="3"),
                InputDataConfig=[dict(ChannelName="train", ContentType="text/csv", DataSource=dict(
                    S3DataSource=dict(S3DataType="S3Prefix", S3Uri="file:///tmp/data")))],
                OutputDataConfig=dict(S3OutputPath="file:///tmp/out"),
                ResourceConfig=dict(InstanceType="ml.local", InstanceCount=2, VolumeSizeInGB=1),
                StoppingCondition=dict(MaxRuntimeInSeconds=600))
            request.update(more)
            return sm.create_training_job(**request)
        def refused(call, **arguments):
            try:
                call(**arguments)
            except ClientError as error:
                return error.response["Error"]["Code"], error.response["Error"]["Message"]
            raise AssertionError("it was not refused")

        """

    /// Runs `script` against an API over `service`; the script asserts, and its output comes back.
    private func run(_ script: String, _ service: FakeJobService) async throws -> String {
        let output = OutputBox()
        try await LiveServer.with(service) { endpoint in
            let result = try await ProgramResult.of(
                "python3", ["-c", Self.prelude + script],
                environment: LiveServer.environment(endpoint: endpoint))
            try #require(result.isSuccess, "\(result.error)")
            await output.set(result.output)
        }
        return await output.text
    }

    @Test("creates and describes a job")
    func createAndDescribe() async throws {
        let output = try await run(
            """
            arn = create("first")["TrainingJobArn"]
            job = sm.describe_training_job(TrainingJobName="first")
            assert job["TrainingJobArn"] == arn, job
            assert job["HyperParameters"]["epochs"] == "3", job
            assert job["OutputDataConfig"]["KmsKeyId"] == "", job
            assert job["SecondaryStatusTransitions"][0]["StatusMessage"], job
            assert job["ResponseMetadata"]["RequestId"], job
            print(arn, job["TrainingJobStatus"], job["ModelArtifacts"]["S3ModelArtifacts"],
                job["CreationTime"].year)
            """, FakeJobService())
        #expect(
            output
                == "arn:aws:sagemaker:us-east-1:000000000000:training-job/first InProgress "
                + "file:///tmp/out/first/output/model.tar.gz 2026\n")
    }

    @Test("raises its own exceptions for refusals")
    func refusals() async throws {
        let output = try await run(
            """
            create("first")
            try:
                create("first")
            except sm.exceptions.ResourceInUse as error:
                print("in use")
            print(*refused(sm.describe_training_job, TrainingJobName="none"))
            print(*refused(create, name="second", HyperParameters=dict(epochs="3")))
            print(*refused(sm.delete_model, ModelName="m"))
            try:
                logs.get_log_events(logGroupName="/aws/sagemaker/TrainingJobs", logStreamName="none/algo-1-1")
            except logs.exceptions.ResourceNotFoundException:
                print("no stream")
            """, FakeJobService())
        let lines = output.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines.first == "in use")
        #expect(lines.dropFirst().first == "ValidationException Requested resource not found.")
        #expect(
            lines.dropFirst(2).first?.hasPrefix(
                "ValidationException hyperparameter predictor_type is missing") == true)
        #expect(lines.dropFirst(3).first?.hasPrefix("UnknownOperationException") == true)
        #expect(lines.last == "no stream")
    }

    @Test("pages through the jobs and filters them")
    func pages() async throws {
        let output = try await run(
            """
            import datetime
            for number in range(5):
                create(f"job-{number}")
            pages = sm.get_paginator("list_training_jobs").paginate(
                SortBy="Name", SortOrder="Descending", PaginationConfig=dict(PageSize=2))
            print(*[job["TrainingJobName"] for page in pages for job in page["TrainingJobSummaries"]])
            later = sm.describe_training_job(TrainingJobName="job-2")["CreationTime"]
            print(*[job["TrainingJobName"] for job in sm.list_training_jobs(
                CreationTimeAfter=later + datetime.timedelta(seconds=0.5))["TrainingJobSummaries"]])
            """, FakeJobService())
        // boto3 sends whole seconds; the fake clock stands at half ones.
        #expect(output == "job-4 job-3 job-2 job-1 job-0\njob-3 job-4\n")
    }

    @Test("stops a job, waits for one that is over, reads its tags")
    func stopAndWait() async throws {
        let service = FakeJobService()
        let output = OutputBox()
        try await LiveServer.with(service) { endpoint in
            for script in [
                """
                create("stop"); create("done", Tags=[dict(Key="team", Value="a")])
                sm.stop_training_job(TrainingJobName="stop")
                print(sm.describe_training_job(TrainingJobName="stop")["TrainingJobStatus"])
                """,
                """
                sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="done")
                job = sm.describe_training_job(TrainingJobName="done")
                print(job["FinalMetricDataList"][0]["Value"], job["TrainingTimeInSeconds"])
                print(*refused(sm.stop_training_job, TrainingJobName="done"))
                print(sm.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"])
                """,
            ] {
                let result = try await ProgramResult.of(
                    "python3", ["-c", Self.prelude + script],
                    environment: LiveServer.environment(endpoint: endpoint))
                try #require(result.isSuccess, "\(result.error)")
                await output.set(await output.text + result.output)
                try await service.complete("done")
            }
        }
        #expect(
            await output.text == """
                Stopping
                0.125 11
                ValidationException The request was rejected because the training job is in status Completed.
                [{'Key': 'team', 'Value': 'a'}]

                """)
    }

    @Test("reads a log to its end as the SageMaker SDK does")
    func logs() async throws {
        let service = FakeJobService()
        await service.addLines(25, toStream: "job/algo-1-1795219459", start: 1_795_219_459)
        let output = try await run(
            """
            create("job")
            group = "/aws/sagemaker/TrainingJobs"
            found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="job/",
                orderBy="LogStreamName", limit=1)
            assert "nextToken" not in found, found
            stream, arguments, lines = found["logStreams"][0]["logStreamName"], {}, []
            while True:
                page = logs.get_log_events(logGroupName=group, logStreamName=stream, startTime=0,
                    startFromHead=True, limit=10, **arguments)
                if not page["events"]:
                    break
                lines += [event["message"] for event in page["events"]]
                arguments = dict(nextToken=page["nextForwardToken"])
            print(stream, len(lines), lines[0], lines[-1])
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group,
                filterPattern='"line 2"', PaginationConfig=dict(PageSize=7))
            print(sum(len(page["events"]) for page in pages))
            """, service)
        #expect(output == "job/algo-1-1795219459 25 line 0 line 24\n6\n")
    }

    @Test("has the region of its client in the ARN")
    func region() async throws {
        let output = try await run(
            """
            sm = boto3.client("sagemaker", region_name="ap-southeast-1")
            print(create("there")["TrainingJobArn"])
            """, FakeJobService())
        #expect(output == "arn:aws:sagemaker:ap-southeast-1:000000000000:training-job/there\n")
    }
}

/// Text that closures of other tasks hand to the test.
actor OutputBox {
    private(set) var text = ""
    func set(_ text: String) { self.text = text }
}
