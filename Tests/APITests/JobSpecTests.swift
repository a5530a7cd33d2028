import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
import StorageLocations
import Testing

@Suite("JobSpec")
struct JobSpecTests {
    private static var whole: JobSpec {
        get throws {
            var spec = JobSpec(
                name: JobName("job"), arn: "arn:aws:sagemaker:eu-west-1:1:training-job/job",
                work: JobSpec.Work(
                    algorithm: "pca",
                    program: JobSpec.Program(
                        .algorithm, command: ["/usr/bin/pca"], arguments: ["-v"], image: "pca:1")),
                hyperparameters: ["k": "3"],
                locations: JobSpec.Locations(
                    output: try StorageLocation("file:///out", field: ""),
                    checkpoints: try StorageLocation("s3://b/c", field: ""),
                    checkpointMount: "/opt/ml/checkpoints"),
                resources: JobSpec.Resources(
                    instanceType: "ml.local", ranks: 4, minimumRanks: 2, volumeGB: 1),
                policy: JobSpec.Policy(
                    usesSpot: true, priority: -3, isPreemptible: true, keeper: .whenAllSpot,
                    maximumRestarts: 2, maxRuntimeSeconds: 60, maxWaitSeconds: 90),
                environment: ["A": "1"], metrics: [JobSpec.MetricPattern(name: "m", regex: "m=(.*)")])
            spec.channels = [
                JobSpec.Channel(
                    "train", location: try StorageLocation("file:///a%20b", field: ""), inputMode: .pipe,
                    distribution: .sharded, contentType: "text/csv", compressionType: "Gzip",
                    recordWrapper: .recordIO)
            ]
            return spec
        }
    }

    @Test func `is read back as it was written, and written in one way`() throws {
        let bytes = try Self.whole.encoded()
        #expect(try JobSpec(decoding: bytes, source: "job.json") == Self.whole)
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                {"arn":"arn:aws:sagemaker:eu-west-1:1:training-job/job","channels":[{\
                "compressionType":"Gzip","contentType":"text/csv","distribution":"ShardedByS3Key",\
                "inputMode":"Pipe","location":"file:///a%20b","name":"train","recordWrapper":"RecordIO"}],\
                "environment":{"A":"1"},"hyperparameters":{"k":"3"},\
                "locations":{"checkpointMount":"/opt/ml/checkpoints","checkpoints":"s3://b/c",\
                "output":"file:///out"},"metrics":[{"name":"m","regex":"m=(.*)"}],"name":"job",\
                "policy":{"isPreemptible":true,"keeper":"whenAllSpot","maxRuntimeSeconds":60,\
                "maxWaitSeconds":90,"maximumRestarts":2,"priority":-3,"usesSpot":true},\
                "resources":{"instanceType":"ml.local","minimumRanks":2,"ranks":4,"volumeGB":1},"version":1,\
                "work":{"algorithm":"pca","program":{"arguments":["-v"],"command":["/usr/bin/pca"],\
                "image":"pca:1","kind":"algorithm"}}}
                """)
        var least = JobSpec(
            name: JobName("j"), locations: JobSpec.Locations(output: StorageLocation(path: "/out")))
        #expect(try JobSpec(decoding: least.encoded(), source: "job.json") == least)
        least.work.algorithm = "kmeans"
        #expect(try JobSpec(decoding: least.encoded(), source: "job.json") == least)
    }

    @Test(
        "is read to the last member",
        arguments: [
            (#""priority":-3"#, #""priority":-3,"hurry":true"#, "has a member policy.hurry,"),
            (#""version":1"#, #""version":1,"more":[]"#, "has a member more,"),
            (#""inputMode":"Pipe""#, #""inputMode":"Pipe","seed":1"#, "has a member channels.0.seed,"),
            (#""version":1"#, #""version":2"#, "of version 2, but this program reads version 1"),
            (#""version":1,"#, "", "is no job specification"),
            (#""inputMode":"Pipe""#, #""inputMode":"Tube""#, "is no job specification"),
            (#""output":"file:///out""#, #""output":"out""#, "is no job specification"),
            (#""ranks":4"#, #""ranks":"4""#, "is no job specification"),
            ("{", "", "is no job specification"),
        ])
    func strict(_ part: String, _ other: String, _ message: String) throws {
        let text = String(decoding: try Self.whole.encoded(), as: UTF8.self)
        #expect(text.contains(part))
        let changed = text.replacing(part, with: other, maxReplacements: 1)
        let error = #expect(throws: LockstepError.self) {
            try JobSpec(decoding: Array(changed.utf8), source: "job.json")
        }
        #expect(error?.message.contains("job.json") == true)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `tells the environment of its processes`() throws {
        #expect(
            try Self.whole.variables == [
                "A": "1", "TRAINING_JOB_NAME": "job",
                "TRAINING_JOB_ARN": "arn:aws:sagemaker:eu-west-1:1:training-job/job",
            ])
    }

    @Test func `tells where its files lie`() throws {
        var spec = try Self.whole
        let error = #expect(throws: LockstepError.self) { try JobLocations(spec) }
        #expect(error?.message.hasPrefix("CheckpointConfig.S3Uri is s3://b/c") == true)
        spec.locations.checkpoints = nil
        let locations = try JobLocations(spec)
        #expect(locations.jobFolder == "/out/job")
        #expect(locations.checkpointFolder == "/out/job/checkpoints")
        #expect(locations.modelArtifact == "/out/job/output/model.tar.gz")
        #expect(JobLocations(jobFolder: "/out/job") == locations)
    }

    @Test func `reads hyperparameters with and without the quotes of the SDK`() {
        for (value, meaning) in [("\"a\\n\"", "a\n"), ("a", "a"), ("\"", "\""), ("\"a", "\"a"), ("1", "1")] {
            #expect(JobSpec.unquoted(value) == meaning)
        }
    }
}
