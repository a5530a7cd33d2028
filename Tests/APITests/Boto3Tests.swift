import ClusterTypes
import Foundation
import JobLifecycle
import Testing

/// boto3 as it comes, against a live port.
@Suite("boto3", .enabled(if: Installed.boto3, "boto3 is not installed"))
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

        """

    private func run(_ script: String, _ endpoint: String) async throws -> String {
        let result = try await ProgramResult.of(
            "python3", ["-c", Self.prelude + script],
            environment: LiveServer.environment(endpoint: endpoint))
        try #require(result.isSuccess, "\(result.error)")
        return result.output
    }

    @Test("creates and describes a job")
    func createAndDescribe() async throws {
        let service = FakeJobService()
        try await LiveServer.with(service) { endpoint in
            let output = try await run(
                """
                arn = create("first")["TrainingJobArn"]
                job = sm.describe_training_job(TrainingJobName="first")
                assert job["TrainingJobArn"] == arn, job
                assert job["HyperParameters"]["epochs"] == "3", job
                assert job["OutputDataConfig"]["KmsKeyId"] == "", job
                assert job["SecondaryStatusTransitions"][0]["StatusMessage"], job
                print(arn, job["TrainingJobStatus"], job["ModelArtifacts"]["S3ModelArtifacts"],
                    job["CreationTime"].year)
                """, endpoint)
            #expect(
                output
                    == "arn:aws:sagemaker:us-east-1:000000000000:training-job/first InProgress "
                    + "file:///tmp/out/first/output/model.tar.gz 2026\n")
        }
    }
}
