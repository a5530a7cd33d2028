import AlgorithmSpecs
import Checkpoints
import ClusterTypes
import Collectives
import Datasets
import Diagnostics
import Foundation
import JobSpecs
import RecordOrder
import Storage
import StorageLocations
import Synchronization
import Tensors
import Testing
import Training

/// Records in memory, as an opened channel.
struct MemorySource: OpenedChannel {
    let records: Records
    var recordCount: Int { records.count }
    var featureCount: Int { records.features.columns }
    var isSparse: Bool { if case .sparse = records.features { true } else { false } }
    var labelCount: Int { 1 }
    /// Whether it tells a digest of its content, as files do.
    var isDigested = true
    var fileDigests: [FileDigest] {
        guard isDigested else { return [] }
        let bytes = [UInt8]("\(records)".utf8)
        return [FileDigest(name: "rows", byteCount: bytes.count, sha256: Checksum.sha256(bytes))]
    }
    func load(_ range: Range<Int>) throws -> Records { records.gathering(Array(range)) }

    /// Made records: labels follow from features, so that there is something to learn.
    static func made(count: Int, columns: Int, sparse: Bool, seed: UInt64) -> MemorySource {
        let key = RandomKey(seed: seed)
        var values: [Float] = []
        var (offsets, indices, entries): ([Int], [Int32], [Float]) = ([0], [], [])
        var labels: [Float] = []
        for row in 0..<count {
            var label: Float = 0
            for column in 0..<columns {
                let draw = key.child(.index(row)).child(.index(column))
                let value = draw.below(3) == 0 ? 0 : Float(draw.unit) - 0.5
                values.append(value)
                if value != 0 {
                    indices.append(Int32(column))
                    entries.append(value)
                }
                label += value * Float(column + 1)
            }
            offsets.append(entries.count)
            labels.append(label)
        }
        let features: FeatureMatrix =
            sparse
            ? .sparse(
                SparseMatrix(
                    rows: count, columns: columns, rowOffsets: offsets, columnIndices: indices,
                    values: entries))
            : .dense(DenseMatrix(rows: count, columns: columns, values: values))
        return MemorySource(records: Records(features: features, labels: labels))
    }
}

/// A folder that is gone when the body is done.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = NSTemporaryDirectory() + "lockstep-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// Lines that ranks say, from any thread.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A toy job in a folder, run in worlds of threads.
struct ToyJob: Sendable {
    let folder: String
    var name = "toy"
    var hyperparameters: [String: String] = [:]
    var train = MemorySource.made(count: 101, columns: 5, sparse: false, seed: 1)
    var validation: MemorySource? = MemorySource.made(count: 17, columns: 5, sparse: false, seed: 2)
    var coreType = "Haswell"
    /// Folder of the checkpoints, where it is not in the job's.
    var checkpoints: String?
    /// What it was made from.
    var job: JobSpec?

    var locations: JobLocations {
        get throws {
            let places = JobSpec.Locations(
                output: StorageLocation(path: folder),
                checkpoints: checkpoints.map(StorageLocation.init(path:)))
            return try JobLocations(JobSpec(name: JobName(name), locations: places))
        }
    }

    func plan(threads: Int) throws -> TrainingPlan {
        let resolved = try ToyRegression.spec.resolve(
            ["logical_shards": "13"].merging(hyperparameters) { $1 }, common: RuntimeSettings.specs)
        var channels = [ChannelSource(name: "train", path: "/data/train", defaultLabelCount: 1)]
        if validation != nil {
            channels.append(ChannelSource(name: "validation", path: "/data/validation", defaultLabelCount: 1))
        }
        return TrainingPlan(
            jobName: name, hyperparameters: resolved, channels: channels, locations: try locations,
            threadCount: threads, coreType: coreType, job: job)
    }

    struct Outcome: Sendable {
        var outcome: TrainingOutcome
        var lines: [String]
        var warnings: [String]
    }

    /// Trains on `ranks` × `threads`; asked to stop as soon as `stopAfter` steps are done.
    ///
    /// - Parameters:
    ///   - death: a rank that throws amid the step after so many are done, as if it had died.
    ///   - setting: of each rank.
    ///   - stepBegan: called on rank 0 before each step.
    func run(
        ranks: Int = 1, threads: Int = 1, stopAfter: Int? = nil, stopRank: Int = 0,
        death: (rank: Int, step: Int)? = nil,
        setting: @escaping @Sendable (Int) -> RankSetting = { _ in RankSetting() },
        events: String? = nil, said: Lines = Lines(),
        stepBegan: @escaping @Sendable (Int) throws -> Void = { _ in }
    ) throws -> Outcome {
        let plan = try plan(threads: threads)
        let warned = Lines()
        let sources = ["train": train, "validation": validation ?? train]
        let outcomes = try LoopbackWorld.run(size: ranks) { communicator in
            let stop = StopFlag()
            let log = try communicator.rank == 0 ? events.map { try EventLog(folder: $0) } : nil
            let reporter = TrainingReporter(
                rank: communicator.rank, events: log, output: said.add, complain: warned.add)
            let isDoomed = death?.rank == communicator.rank
            let watched = StoppingCommunicator(communicator, deathStep: isDoomed ? death?.step : nil) {
                step in
                if communicator.rank == 0 { try stepBegan(step) }
                if communicator.rank == stopRank, let stopAfter, step == stopAfter - 1 { stop.request() }
            }
            return try TrainingLoop(
                plan, algorithm: ToyRegression.self, communicator: watched, vote: GangVote(watched),
                reporter: reporter, stop: stop, setting: setting(communicator.rank),
                open: { source, _ in
                    guard let records = sources[source.name] else {
                        throw LockstepError(.notFound, "no channel \(source.name)")
                    }
                    return records
                }
            ).run()
        }
        guard let first = outcomes.first, outcomes.allSatisfy({ $0.isCompleted == first.isCompleted }) else {
            throw LockstepError(.bug, "ranks ended differently: \(outcomes)")
        }
        return Outcome(outcome: first, lines: said.all, warnings: warned.all)
    }

    /// Takes steps again; the step begun from, and the commits on the way.
    func replay(
        _ steps: ClosedRange<Int>, ranks: Int, identity: JobIdentity? = nil
    ) throws -> (from: Int, commits: [CommitRecord], modelHash: String?) {
        let plan = try plan(threads: 1)
        let known = try identity ?? JobVerifier(locations).identity() ?? JobIdentity([:])
        let sources = ["train": train, "validation": validation ?? train]
        let outcomes = try LoopbackWorld.run(size: ranks) {
            communicator -> (Int, [CommitRecord], String?) in
            var commits: [CommitRecord] = []
            let (from, model) = try TrainingLoop(
                plan, algorithm: ToyRegression.self, communicator: communicator,
                vote: GangVote(communicator),
                reporter: TrainingReporter(rank: communicator.rank, events: nil), stop: StopFlag(),
                open: { source, _ in
                    guard let records = sources[source.name] else {
                        throw LockstepError(.notFound, "no channel \(source.name)")
                    }
                    return records
                }
            ).replay(steps, identity: known) { commits.append($0) }
            return (from, commits, model)
        }
        return (outcomes[0].0, outcomes[0].1, outcomes[0].2)
    }

    /// Hash of the model of an undisturbed run of one rank.
    func modelHash(ranks: Int = 1, threads: Int = 1) throws -> String {
        let outcome = try run(ranks: ranks, threads: threads).outcome
        guard case .completed(let hash) = outcome else {
            throw LockstepError(.bug, "the toy job ended as \(outcome)")
        }
        return hash
    }

    func checkpointSteps() throws -> [Int] { try store.steps() }

    func verify() throws -> JobVerification { try JobVerifier(locations).verify() }

    var store: CheckpointStore {
        get throws { CheckpointStore(folder: try locations.checkpointFolder) }
    }
}

extension TrainingOutcome {
    var isCompleted: Bool { if case .completed = self { true } else { false } }
}

/// Passes everything on, tells which step begins, and dies in one.
final class StoppingCommunicator: Communicator {
    private let base: any Communicator
    private let deathStep: Int?
    private let stepBegan: (Int) throws -> Void
    init(
        _ base: any Communicator, deathStep: Int? = nil, stepBegan: @escaping (Int) throws -> Void
    ) {
        self.base = base
        self.deathStep = deathStep
        self.stepBegan = stepBegan
    }
    private func live() throws {
        if let deathStep, step == deathStep { throw LockstepError(.io, "rank \(rank) died") }
    }
    var rank: Int { base.rank }
    var size: Int { base.size }
    var step: Int? {
        get { base.step }
        set {
            base.step = newValue
            if let newValue, (try? stepBegan(newValue)) == nil { Issue.record("step \(newValue)") }
        }
    }
    func barrier() throws { try base.barrier() }
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        try base.broadcast(buffer, root: root)
    }
    func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]] { try base.gather(bytes, root: root) }
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) throws {
        try live()
        try base.allReduce(buffer, operation)
    }
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation) throws {
        try base.allReduce(buffer, operation)
    }
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation) throws {
        try base.allReduce(buffer, operation)
    }
    func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) throws {
        try base.exchange(sent, to: to, received, from: from)
    }
    func abort(code: Int32) -> Never { base.abort(code: code) }
}
