import Diagnostics
import JSON
import JobRequests
import SageMakerShapes
import Testing

@Suite("JobFile")
struct JobFileTests {
    private static let text = """
        # A job as people write it.
        AlgorithmSpecification: {AlgorithmName: linear-learner}
        HyperParameters:
          predictor_type: regressor
          epochs: 10
          use_bias: true
          eval: [1, 2]
        InputDataConfig:
          - ChannelName: train
            DataSource: {S3DataSource: {S3Uri: ../data/train.csv}}
          - ChannelName: test
            DataSource: {S3DataSource: {S3Uri: "s3://bucket/data"}}
        OutputDataConfig: {S3OutputPath: output}
        ResourceConfig: {InstanceCount: 2}
        """

    private func job(_ text: String = Self.text) throws -> JobFile {
        try JobFile(text: text, path: "jobs/a.yaml", folder: "/home/me/jobs")
    }

    @Test("takes numbers and truth values for text where SageMaker wants text")
    func types() throws {
        let request = try job().json
        #expect(request["HyperParameters"]?["epochs"] == "10")
        #expect(request["HyperParameters"]?["use_bias"] == "true")
        #expect(request["HyperParameters"]?["eval"] == "[1,2]")
        #expect(request["ResourceConfig"]?["InstanceCount"] == .integer(2))
    }

    @Test("takes no path for no path, and not for the file's whole folder")
    func emptyPath() throws {
        let request = try job(Self.text.replacing("../data/train.csv", with: "\"\"")).json
        #expect(request["InputDataConfig"]?.array?.first?["DataSource"]?["S3DataSource"]?["S3Uri"] == "")
    }

    @Test("takes paths from the file's folder and leaves URIs alone")
    func paths() throws {
        let request = try job().json
        #expect(request["OutputDataConfig"]?["S3OutputPath"] == "file:///home/me/jobs/output")
        let uris = request["InputDataConfig"]?.array?.map { $0["DataSource"]?["S3DataSource"]?["S3Uri"] }
        #expect(uris == ["file:///home/me/data/train.csv", "s3://bucket/data"])
    }

    @Test("takes what the command line says over what the file says")
    func overrides() throws {
        var job = try job()
        job.setNameIfMissing(seconds: 1_795_219_459, suffix: "4f1c")
        #expect(job.name == "linear-learner-20261121-000419-4f1c")
        job.setName("mine")
        job.setNameIfMissing(seconds: 0, suffix: "other")
        job.setHyperparameter("epochs", to: "3")
        job.setInstanceCount(4)
        let request = try job.request()
        #expect(request.trainingJobName == "mine")
        #expect(request.hyperParameters?["epochs"] == "3")
        #expect(request.resourceConfig?.instanceCount == 4)
    }

    @Test(
        "names file, line and member at fault",
        arguments: [
            (
                "AlgorithmSpecification: {AlgorithmNme: kmeans}",
                "jobs/a.yaml line 1: AlgorithmSpecification has no member AlgorithmNme; did you mean "
                    + "AlgorithmName?"
            ),
            (
                "TrainingJobName: a\nResourceConfig:\n  InstanceCount: two",
                "jobs/a.yaml line 3: ResourceConfig.InstanceCount is 'two', but has to be a whole number"
            ),
            (
                "InputDataConfig: {ChannelName: train}",
                "jobs/a.yaml line 1: InputDataConfig is an object, but has to be a list"
            ),
            (
                "just words",
                "jobs/a.yaml is no job: it has to be a YAML or JSON object with AlgorithmSpecification, "
                    + "InputDataConfig and OutputDataConfig"
            ),
        ])
    func mistakes(_ text: String, _ message: String) throws {
        let error = #expect(throws: LockstepError.self) { try job(text) }
        #expect(error?.code == .configuration)
        #expect(error?.message == message)
    }

    @Test("checks the limits of SageMaker before anything is sent")
    func limits() throws {
        var job = try job()
        job.setName("my_job")
        let error = #expect(throws: LockstepError.self) { try job.request() }
        #expect(
            error?.message
                == "jobs/a.yaml: 1 validation error detected: Value 'my_job' at 'trainingJobName' failed to "
                + "satisfy constraint: Member must satisfy regular expression pattern: "
                + "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
    }
}
