import AlgorithmSpecs
import ClusterTypes
import Collectives
import Datasets
import Diagnostics
import Foundation
import JobSpecs
import StorageLocations
import Tensors
import Training

/// Runs the training loop itself over an algorithm whose state has the wanted size.
struct HotStateMeasurement {
    private let options: HotStateBench
    private let world: any Communicator

    init(_ options: HotStateBench, _ world: any Communicator) {
        self.options = options
        self.world = world
    }

    func run(megabytes: Double) throws -> HotStateResult {
        var (without, with): ([Double], [Double]) = ([], [])
        _ = try train(megabytes, isOn: true, "warm-up")
        for round in 0..<options.rounds {
            // The order alternates, so that a machine that slows down favours neither.
            for isOn in round % 2 == 0 ? [false, true] : [true, false] {
                let median = try train(megabytes, isOn: isOn, "\(isOn)-\(round)")
                if isOn { with.append(median) } else { without.append(median) }
            }
        }
        let ratios = zip(with, without).map { $0 / $1 }.sorted()
        return HotStateResult(
            ranks: world.size, isSpeaker: world.rank == 0, subject: options.keeper ? "keeper" : "hot state",
            stateMegabytes: megabytes, withoutMilliseconds: without, withMilliseconds: with,
            ratio: ratios[ratios.count / 2])
    }

    /// Median time from one step's beginning to the next, in milliseconds.
    private func train(_ megabytes: Double, isOn: Bool, _ name: String) throws -> Double {
        let folder = try folders(name)
        defer { if world.rank == 0 { try? FileManager.default.removeItem(atPath: folder) } }
        let job = JobSpec(
            name: JobName("bench"), locations: JobSpec.Locations(output: StorageLocation(path: folder)))
        let hyperparameters = try IdleAlgorithm.spec.resolve(
            [
                "elements": String(Int(megabytes * 1e6 / 4)), "milliseconds": String(options.milliseconds),
                "steps": String(options.steps), "checkpoint_interval_seconds": "1000000",
            ], common: RuntimeSettings.specs)
        let plan = TrainingPlan(
            jobName: "bench", hyperparameters: hyperparameters,
            channels: [ChannelSource(name: "train", path: "/made", defaultLabelCount: 0)],
            locations: try JobLocations(job), threadCount: 1, coreType: "bench")
        let clock = StepTimes(world)
        let setting = RankSetting(
            hotStateFolder: isOn && !options.keeper ? folder + "/hot" : "",
            hasKeeper: isOn && options.keeper)
        let stop = StopFlag()
        clock.stopAfter = options.steps
        clock.stop = stop
        _ = try TrainingLoop(
            plan, algorithm: IdleAlgorithm.self, communicator: clock, vote: GangVote(clock),
            reporter: TrainingReporter(rank: world.rank, events: nil, output: { _ in }), stop: stop,
            setting: setting, open: { _, _ in OneRecordAShard() }
        ).run()
        try world.barrier()
        return clock.medianMilliseconds
    }

    private func folders(_ name: String) throws -> String {
        let own = "\(options.folder)/lockstep-bench-\(getpid())-\(name)"
        let bytes = try world.broadcast(bytes: [UInt8](own.utf8), root: 0)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Computes for a while in each shard, then changes all of its state. Never ends by itself.
private struct IdleAlgorithm: Algorithm {
    static let spec = AlgorithmSpec(
        name: "idle", summary: "For the bench.", labelCount: 0,
        hyperparameters: [
            HyperparameterSpec("elements", .integer(IntegerRange(from: 1)), "Of the state."),
            HyperparameterSpec("milliseconds", .real(RealRange(from: 0)), "Of a step."),
            HyperparameterSpec("steps", .integer(IntegerRange(from: 1)), "Wanted."),
        ], channels: [ChannelRequirement("train", isRequired: true, summary: "Made.")], metrics: [])

    private let milliseconds: Double
    private let shardCount: Int
    private var values: [Float]

    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        milliseconds = hyperparameters.real("milliseconds") ?? 100
        shardCount = data.logicalShardCount
        values = [Float](repeating: 1, count: hyperparameters.integer("elements") ?? 1)
    }

    var state: NamedTensors {
        get { NamedTensors([("values", Tensor(values, shape: [values.count]))]) }
        set { values = newValue["values"]?.floats ?? [] }
    }
    var isFinished: Bool { false }

    mutating func step(_ context: any StepContext) throws -> StepReport {
        // All shards together take the time of one rank; more ranks share it.
        let seconds = milliseconds / 1000 / Double(shardCount)
        let sums = try context.sum([SumShape("load", 16)], over: .train) { _, parts in
            let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
            var value: Float = 1
            while DispatchTime.now().uptimeNanoseconds < end { value = value * 1.0001 + 1 }
            parts[0][0] = value.isNaN ? 0 : 1
        }
        for index in values.indices { values[index] += sums[0][0] * 1e-6 }
        return StepReport(epoch: 0, recordCount: 1, progress: 0)
    }
    mutating func finish(_ context: any StepContext) throws -> [Metric] { [] }
    func model() -> Model { Model(tensors: NamedTensors(), description: [:]) }
}

/// As many records as the default has shards.
private struct OneRecordAShard: OpenedChannel {
    let recordCount = 32
    let featureCount = 1
    let isSparse = false
    let labelCount = 0
    func load(_ range: Range<Int>) -> Records {
        let values = [Float](repeating: 0, count: range.count)
        return Records(
            features: .dense(DenseMatrix(rows: range.count, columns: 1, values: values)), labels: [])
    }
}

/// Passes everything on, notes when steps begin, and asks for a stop after enough of them.
private final class StepTimes: Communicator {
    private let base: any Communicator
    private var begins: [UInt64] = []
    var stopAfter = 0
    var stop: StopFlag?

    init(_ base: any Communicator) { self.base = base }

    /// The first step warms up and does not count.
    var medianMilliseconds: Double {
        let times = zip(begins.dropFirst(), begins.dropFirst(2)).map { Double($1 - $0) * 1e-6 }.sorted()
        return times.isEmpty ? 0 : times[times.count / 2]
    }

    var rank: Int { base.rank }
    var size: Int { base.size }
    var messageBytes: Int { base.messageBytes }
    var step: Int? {
        get { base.step }
        set {
            base.step = newValue
            begins.append(DispatchTime.now().uptimeNanoseconds)
            if begins.count > stopAfter { stop?.request() }
        }
    }
    func barrier() throws { try base.barrier() }
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        try base.broadcast(buffer, root: root)
    }
    func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]] { try base.gather(bytes, root: root) }
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) throws {
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
