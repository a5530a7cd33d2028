import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing
import Training

/// Data that change between two attempts of a job: it fails by name and leaves what is there alone.
@Suite struct DataChangeTests {
    enum Change: String, CaseIterable, Sendable {
        case value, label, order, appended

        func applied(to source: MemorySource) -> MemorySource {
            guard case .dense(var matrix) = source.records.features else { return source }
            var (labels, values) = (source.records.labels, matrix.values)
            switch self {
            case .value: values[7] += 1
            case .label: labels[3] = -labels[3]
            case .order:
                labels.swapAt(0, 1)
                for column in 0..<matrix.columns { values.swapAt(column, matrix.columns + column) }
            case .appended:
                labels.append(1)
                values += values.prefix(matrix.columns)
            }
            matrix = DenseMatrix(rows: labels.count, columns: matrix.columns, values: values)
            return MemorySource(records: Records(features: .dense(matrix), labels: labels))
        }
    }

    private func refusal(_ job: ToyJob, _ setting: @escaping @Sendable (Int) -> RankSetting) -> LockstepError?
    {
        #expect(throws: LockstepError.self) { try job.run(ranks: 2, setting: setting) }
    }

    private func expectNamed(_ error: LockstepError?, _ channel: String, _ comment: String) {
        #expect(error?.code == .conflict, "\(comment): \(error as Any)")
        let start = "channel '\(channel)' has changed since step 0: file /data/\(channel)/rows had "
        #expect(error?.message.hasPrefix(start) == true, "\(comment): \(error?.message ?? "")")
    }

    @Test(arguments: Change.allCases)
    func `a change before a checkpoint, a hot state or a model is used is named`(_ change: Change) throws {
        try withTemporaryFolder { folder in
            let calm = try ToyJob(folder: folder, name: "calm").modelHash()
            let plain: @Sendable (Int) -> RankSetting = { _ in RankSetting() }
            let hot: @Sendable (Int) -> RankSetting = { rank in
                RankSetting(worker: "w\(rank)", hotStateFolder: "\(folder)/hot-\(rank)", attempt: 2)
            }
            for kind in ["checkpoint", "hot state", "model"] {
                var job = ToyJob(folder: folder, name: kind.replacing(" ", with: "-"))
                let setting = kind == "hot state" ? hot : plain
                switch kind {
                case "checkpoint": _ = try job.run(stopAfter: 5)
                case "model": _ = try job.run()
                default:
                    job.hyperparameters["checkpoint_interval_steps"] = "1000000"
                    #expect(throws: (any Error).self) {
                        try job.run(ranks: 2, death: (1, 6), setting: setting)
                    }
                }
                var changed = job
                changed.train = change.applied(to: job.train)
                expectNamed(refusal(changed, setting), "train", kind)
                // With the old data the job goes on as if nothing had been.
                let end = try job.run(ranks: 1, setting: setting)
                #expect(end.outcome == .completed(modelHash: calm), "\(kind)")
                let verification = try job.verify()
                #expect(verification.isGood, "\(kind): \(verification.problems)")
            }
        }
    }

    @Test func `validation data count as well, and another channel is not accused`() throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            _ = try job.run(stopAfter: 5)
            var changed = job
            changed.validation = Change.label.applied(to: try #require(job.validation))
            let error = refusal(changed) { _ in RankSetting() }
            expectNamed(error, "validation", "validation")
            #expect(error?.message.contains("'train'") == false)
        }
    }

    @Test func `data that change before anything is kept are named in a later attempt`() throws {
        try withTemporaryFolder { folder in
            var job = ToyJob(folder: folder)
            job.hyperparameters["checkpoint_interval_steps"] = "1000000"
            #expect(throws: (any Error).self) { try job.run(ranks: 2, death: (1, 3)) }
            var changed = job
            changed.train = Change.appended.applied(to: job.train)
            expectNamed(refusal(changed) { _ in RankSetting(attempt: 2) }, "train", "nothing kept")
            // By hand nothing goes on from what is lost: it is a new beginning.
            let end1 = try changed.run(ranks: 2)
            #expect(end1.outcome.isCompleted)
        }
    }

    @Test func `a checkpoint of a Lockstep without digests is gone on from, with a word`() throws {
        try withTemporaryFolder { folder in
            let calm = try ToyJob(folder: folder, name: "calm").modelHash()
            var old = ToyJob(folder: folder)
            old.train.isDigested = false
            old.validation?.isDigested = false
            _ = try old.run(stopAfter: 5)
            let end = try ToyJob(folder: folder).run(ranks: 2)
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains("Resuming from the checkpoint of step 5"))
            #expect(
                end.warnings.contains { $0.contains("whether channel 'train' has changed") },
                "\(end.warnings)")
        }
    }
}
