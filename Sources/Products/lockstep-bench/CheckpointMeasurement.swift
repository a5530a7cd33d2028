import AlgorithmCatalog
import AlgorithmSpecs
import Checkpoints
import ClusterTypes
import Collectives
import Datasets
import Diagnostics
import Foundation
import JobSpecs
import RecordOrder
import StorageLocations
import Tensors
import Training

/// Trains the bench's job with and without checkpoints in turn, and times the steps.
struct CheckpointMeasurement {
    private let options: CheckpointBench
    private let records: MadeRecords

    init(_ options: CheckpointBench) {
        self.options = options
        records = MadeRecords(count: options.records, columns: options.features)
    }

    func run() throws -> CheckpointResult {
        let folder =
            options.folder ?? NSTemporaryDirectory()
            + "lockstep-bench-\(ProcessInfo.processInfo.processIdentifier)"
        defer { if options.folder == nil { try? FileManager.default.removeItem(atPath: folder) } }
        var result = CheckpointResult()
        _ = try train(folder, "warm-up", seconds: 1, interval: 1e9)
        for round in 0..<options.rounds {
            // The order alternates, so that a machine that slows down favours neither.
            for withCheckpoints in round % 2 == 0 ? [false, true] : [true, false] {
                let run = try train(
                    folder, "\(withCheckpoints ? "with" : "without")-\(round)", seconds: options.seconds,
                    interval: withCheckpoints ? options.interval : 1e9)
                result.stateMegabytes = run.stateMegabytes
                if withCheckpoints {
                    result.withMilliseconds.append(run.milliseconds)
                    result.withProcessorMilliseconds.append(run.processorMilliseconds)
                    result.steps += run.steps
                    result.checkpoints += run.checkpoints
                } else {
                    result.withoutMilliseconds.append(run.milliseconds)
                    result.withoutProcessorMilliseconds.append(run.processorMilliseconds)
                }
            }
        }
        result.settle()
        return result
    }

    private struct Run {
        var milliseconds: Double
        var processorMilliseconds: Double
        var steps: Int
        var checkpoints: Int
        var stateMegabytes: Double
    }

    private func train(_ folder: String, _ name: String, seconds: Double, interval: Double) throws -> Run {
        let type = try AlgorithmCatalog.builtIns.named("linear-learner")
        let job = JobSpec(
            name: JobName(name), locations: JobSpec.Locations(output: StorageLocation(path: folder)))
        let hyperparameters = try type.spec.resolve(
            [
                "predictor_type": "multiclass_classifier", "num_classes": "10", "epochs": "1000000",
                "mini_batch_size": String(options.batch), "early_stopping_patience": "1000000",
                "checkpoint_interval_seconds": String(interval), "checkpoints_kept": "1000",
            ], common: RuntimeSettings.specs)
        let plan = TrainingPlan(
            jobName: name, hyperparameters: hyperparameters,
            channels: [ChannelSource(name: "train", path: "/made", defaultLabelCount: 1)],
            locations: try JobLocations(job), threadCount: 1, coreType: "bench")
        let stop = StopFlag()
        let clock = StepClock(seconds: seconds, stop: stop)
        let loop = TrainingLoop(
            plan, algorithm: type, communicator: clock, vote: GangVote(clock),
            reporter: TrainingReporter(rank: 0, events: nil, output: { _ in }), stop: stop,
            open: { _, _ in records })
        guard case .stopped = try loop.run() else {
            throw LockstepError(.bug, "the bench's job ended before its time was up")
        }
        let store = CheckpointStore(folder: plan.locations.checkpointFolder)
        let steps = try store.steps()
        let state = try steps.last.map { try store.read(step: $0).checkpoint.state.byteCount } ?? 0
        // The last checkpoint is that of the stop, outside of the timed steps.
        return Run(
            milliseconds: clock.meanSeconds * 1000,
            processorMilliseconds: clock.meanProcessorSeconds * 1000, steps: clock.steps,
            checkpoints: max(0, steps.count - 1),
            stateMegabytes: Double(state) / 1e6)
    }
}

/// A world of one that notes when steps begin, and asks for a stop when the time is up.
private final class StepClock: Communicator {
    private let stop: StopFlag
    private let seconds: Double
    private var first: DispatchTime?
    private var last: DispatchTime?
    private var firstProcessor = 0.0
    private var lastProcessor = 0.0
    private(set) var steps = -1

    init(seconds: Double, stop: StopFlag) {
        self.seconds = seconds
        self.stop = stop
    }

    /// Mean from one step's beginning to the next, all that lies between them included.
    var meanSeconds: Double {
        guard let first, let last, steps > 0 else { return 0 }
        return Double(last.uptimeNanoseconds - first.uptimeNanoseconds) * 1e-9 / Double(steps)
    }

    /// The same in processor time of the training thread alone.
    var meanProcessorSeconds: Double {
        steps > 0 ? (lastProcessor - firstProcessor) / Double(steps) : 0
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    let rank = 0
    let size = 1
    var step: Int? {
        didSet {
            let now = DispatchTime.now()
            lastProcessor = Self.processorSeconds()
            if first == nil {
                first = now
                firstProcessor = lastProcessor
            }
            last = now
            steps += 1
            let elapsed = Double(now.uptimeNanoseconds - (first ?? now).uptimeNanoseconds) * 1e-9
            if elapsed >= seconds { stop.request() }
        }
    }
    func barrier() {}
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) {}
    func gather(_ bytes: [UInt8], root: Int) -> [[UInt8]] { [bytes] }
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) {}
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation) {}
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation) {}
    func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) { received.copyMemory(from: sent) }
    func abort(code: Int32) -> Never { exit(code) }
}

/// Dense records in memory with ten classes.
private struct MadeRecords: OpenedChannel {
    private let records: Records
    var recordCount: Int { records.count }
    var featureCount: Int { records.features.columns }
    let isSparse = false
    let labelCount = 1

    init(count: Int, columns: Int) {
        let key = RandomKey(seed: 1)
        let values = (0..<count * columns).map { Float(key.child(.index($0)).unit) }
        let labels = (0..<count).map { Float(key.child(.step($0)).below(10)) }
        records = Records(
            features: .dense(DenseMatrix(rows: count, columns: columns, values: values)), labels: labels)
    }

    func load(_ range: Range<Int>) -> Records { records.gathering(Array(range)) }
}
