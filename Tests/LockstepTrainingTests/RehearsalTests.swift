import Foundation
import LockstepTraining
import Testing

/// A user's algorithm through the public product alone.
@Suite struct RehearsalTests {
    @Test(arguments: ["csv", "libsvm"])
    func `the world does not change the model`(_ form: String) throws {
        try withToyJob(form) { job, folder in
            var hashes: [String: String] = [:]
            for (ranks, threads) in [(1, 1), (1, 3), (2, 1), (3, 2), (5, 1)] {
                let run = try Rehearsal(
                    ToyAlgorithm.self, job: job, outputFolder: "\(folder)/\(ranks)-\(threads)", ranks: ranks,
                    threads: threads)
                #expect(run.status == 0 && run.complaints.isEmpty, "\(run.complaints)")
                #expect(run.output.contains { $0.contains("train loss <loss>=") }, "\(run.output)")
                hashes["\(ranks) × \(threads)"] = run.modelHash
            }
            #expect(hashes.count == 5 && Set(hashes.values).count == 1, "\(hashes)")
        }
    }

    @Test func `a finished job says its hash again`() throws {
        try withToyJob("csv") { job, folder in
            let runs = try [1, 3].map {
                try Rehearsal(ToyAlgorithm.self, job: job, outputFolder: folder + "/out", ranks: $0)
            }
            #expect(runs[0].modelHash != nil && runs[0].modelHash == runs[1].modelHash)
            #expect(runs[1].output.contains { $0.contains("finished already") }, "\(runs[1].output)")
        }
    }

    @Test func `no job goes on from another revision`() throws {
        try withToyJob("csv") { job, folder in
            let first = try Rehearsal(ToyAlgorithm.self, job: job, outputFolder: folder + "/out", ranks: 1)
            #expect(first.status == 0, "\(first.complaints)")
            let second = try Rehearsal(RevisedToy.self, job: job, outputFolder: folder + "/out", ranks: 2)
            #expect(second.status == 73, "\(second.output)")
            #expect(second.complaints.first?.contains("algorithm revision is 2 now") == true)
        }
    }

    @Test func `a wrong hyperparameter is told in a sentence`() throws {
        try withToyJob("csv", rate: "-1") { job, folder in
            let run = try Rehearsal(ToyAlgorithm.self, job: job, outputFolder: folder + "/out", ranks: 2)
            #expect(run.status == 78 && run.modelHash == nil)
            #expect(run.complaints.count == 1, "\(run.complaints)")
            #expect(run.complaints[0].contains("hyperparameter rate is '-1': it must be a number above 0"))
        }
    }

    @Test func `a specification that no job could fit is refused`() throws {
        for (list, words) in [
            ([ToyAlgorithm.self, ToyAlgorithm.self], "two algorithms of this program are named toy"),
            ([Misspelt.self], "algorithm misspelt has a channel 'training': channels are train, "),
            ([WrongDefault.self], "the default of hyperparameter k is '0': it must be a whole number"),
        ] as [([any Algorithm.Type], String)] {
            let error = #expect(throws: LockstepError.self) { try AlgorithmList(list).check() }
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }
}

/// The toy with other mathematics, or so its author says.
private struct RevisedToy: Algorithm {
    static let spec = AlgorithmSpec(
        name: ToyAlgorithm.spec.name, summary: ToyAlgorithm.spec.summary, labelCount: 1, revision: 2,
        hyperparameters: ToyAlgorithm.spec.hyperparameters, channels: ToyAlgorithm.spec.channels,
        metrics: ToyAlgorithm.spec.metrics)
    private var toy: ToyAlgorithm
    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        toy = try ToyAlgorithm(hyperparameters: hyperparameters, data: data)
    }
    var state: NamedTensors {
        get { toy.state }
        set { toy.state = newValue }
    }
    var isFinished: Bool { toy.isFinished }
    mutating func step(_ context: any StepContext) throws -> StepReport { try toy.step(context) }
    func model() -> Model { toy.model() }
}

/// A toy with another specification.
private protocol Variant: Algorithm {}
extension Variant {
    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        throw LockstepError(.bug, "not for training")
    }
    var state: NamedTensors {
        get { NamedTensors() }
        set { _ = newValue }
    }
    var isFinished: Bool { true }
    mutating func step(_ context: any StepContext) throws -> StepReport {
        StepReport(epoch: 0, recordCount: 0, progress: 1)
    }
    func model() -> Model { Model(tensors: NamedTensors(), description: [:]) }
}

private struct Misspelt: Variant {
    static let spec = AlgorithmSpec(
        name: "misspelt", summary: "Has a channel that is none.", labelCount: 0, hyperparameters: [],
        channels: [ChannelRequirement("training", isRequired: true, summary: "Records.")], metrics: [])
}

private struct WrongDefault: Variant {
    static let spec = AlgorithmSpec(
        name: "wrong-default", summary: "Has a default out of range.", labelCount: 0,
        hyperparameters: [
            HyperparameterSpec("k", .integer(IntegerRange(from: 1)), default: "0", "A count.")
        ],
        channels: [ChannelRequirement("train", isRequired: true, summary: "Records.")], metrics: [])
}

/// Writes made records and a job into a folder that is removed afterwards.
private func withToyJob(_ form: String, rate: String = "0.05", _ body: (String, String) throws -> Void) throws
{
    let folder = NSTemporaryDirectory() + "lockstep-toy-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let key = RandomKey(seed: 5)
    let lines = (0..<211).map { row -> String in
        let values = (0..<4).map { Float(key.child(.index(row)).child(.index($0)).unit) - 0.5 }
        let label = 2 * values[0] - values[3]
        guard form == "libsvm" else { return "\(label)," + values.map { "\($0)" }.joined(separator: ",") }
        let kept = values.enumerated().filter { ($0.offset + row) % 3 != 0 }
        return "\(label) " + kept.map { "\($0.offset):\($0.element)" }.joined(separator: " ")
    }
    try lines.joined(separator: "\n").write(
        toFile: "\(folder)/train.\(form)", atomically: true, encoding: .utf8)
    try """
    AlgorithmSpecification: {TrainingInputMode: File}
    HyperParameters: {rate: "\(rate)", logical_shards: 11, seed: 9}
    InputDataConfig:
      - ChannelName: train
        ContentType: text/\(form == "csv" ? "csv;label_size=1" : form)
        DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: train.\(form)}}
    OutputDataConfig: {S3OutputPath: output}
    """.write(toFile: folder + "/toy.yaml", atomically: true, encoding: .utf8)
    try body(folder + "/toy.yaml", folder)
}
