import Checkpoints
import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
import StorageLocations
import Testing
import Training

@Suite struct StoredJobTests {
    private func job(checkpoints: String? = nil) -> JobSpec {
        JobSpec(
            name: JobName("toy"), work: JobSpec.Work(algorithm: "toy-regression"),
            hyperparameters: ["epochs": "2"],
            channels: [JobSpec.Channel("train", location: StorageLocation(path: "/data/100%25"))],
            locations: JobSpec.Locations(
                output: StorageLocation(path: "/out"),
                checkpoints: checkpoints.map(StorageLocation.init(path:))),
            environment: ["SECRET": "x"])
    }

    @Test func `an attempt leaves its job in the history, without what is its processes' own`() throws {
        try withTemporaryFolder { folder in
            var toy = ToyJob(folder: folder)
            toy.job = job()
            _ = try toy.run(ranks: 2, stopAfter: 3)
            let history = try toy.locations.historyFolder
            var kept = job()
            kept.environment = [:]
            #expect(try StoredJob.read(in: history) == kept)
            toy.job?.policy.priority = 5
            _ = try toy.run()
            #expect(try StoredJob.read(in: history)?.policy.priority == 5)
            #expect(try toy.verify().isGood)
        }
    }

    @Test func `a folder tells where its job's files lie`() throws {
        try withTemporaryFolder { folder in
            let elsewhere = folder + "/elsewhere"
            let own = folder + "/toy"
            #expect(try StoredJob.locations(of: own) == JobLocations(jobFolder: own))
            let history = own + "/" + CommitHistory.folderName
            try FileManager.default.createDirectory(atPath: history, withIntermediateDirectories: true)
            try StoredJob.write(job(checkpoints: elsewhere), in: history)
            // What is gone is not looked for.
            #expect(try StoredJob.locations(of: own) == JobLocations(jobFolder: own))
            try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
            #expect(try StoredJob.locations(of: own).checkpointFolder == elsewhere)
            #expect(try StoredJob.locations(of: own, checkpointFolder: "/x").checkpointFolder == "/x")
            try Data("{}".utf8).write(to: URL(fileURLWithPath: history + "/job.json"))
            #expect(throws: LockstepError.self) { try StoredJob.locations(of: own) }
        }
    }

    @Test func `a job of an earlier release is told by its identity`() throws {
        let identity = JobIdentity([
            "algorithm": "kmeans", "mathematics": "1", "hyperparameter k": "3",
            "channel train path": "/data/100%25", "channel train content type": "text/csv",
            "channel train records": "9", "channel test path": "/data/test",
        ])
        let job = JobSpec(name: JobName("old"), identity)
        #expect(job.work == JobSpec.Work(algorithm: "kmeans"))
        #expect(job.hyperparameters == ["k": "3"])
        #expect(job.channels.map(\.name) == ["test", "train"])
        #expect(job.channel("train")?.contentType == "text/csv")
        #expect(try job.channel("train")?.location.path(field: "") == "/data/100%25")
    }
}
