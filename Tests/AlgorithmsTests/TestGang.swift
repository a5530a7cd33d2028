import AlgorithmSpecs
import Collectives
import RecordOrder
import Tensors
import Threading
import Training

/// Channels in memory.
struct TestChannels: Sendable {
    var train: Records
    var validation: Records?
    var test: Records?

    func description(shards: Int, seed: UInt64) -> DataDescription {
        var isSparse = false
        if case .sparse = train.features { isSparse = true }
        return DataDescription(
            featureCount: train.features.columns, isSparse: isSparse, recordCount: train.count,
            validationCount: validation?.count, testCount: test?.count, logicalShardCount: shards,
            seed: seed)
    }

    /// The shards of a rank, as the runtime cuts them.
    func shards(_ count: Int, owned: Range<Int>, seed: UInt64) -> [ChannelRole: [LogicalShard]] {
        var all: [ChannelRole: [LogicalShard]] = [.train: cut(train, count, owned, seed)]
        if let validation { all[.validation] = cut(validation, count, owned, seed) }
        if let test { all[.test] = cut(test, count, owned, seed) }
        return all
    }

    private func cut(_ records: Records, _ count: Int, _ owned: Range<Int>, _ seed: UInt64) -> [LogicalShard]
    {
        owned.map { index in
            let range = index * records.count / count..<(index + 1) * records.count / count
            return LogicalShard(
                index: index, count: count, firstRecord: range.lowerBound,
                records: records.gathering(Array(range)), seed: seed)
        }
    }
}

/// What a training left: its model, metrics and the states after each step.
struct TestOutcome: Sendable {
    var model: Model
    var metrics: [Metric]
    var epochMetrics: [Metric]
    var stateHashes: [String]
    var steps: Int

    func value(_ name: String) -> Double {
        metrics.first { $0.qualifiedName == name }?.value ?? .nan
    }
}

/// Trains in a loopback world with the runtime's own step context.
struct TestGang {
    var ranks = 1
    var threads = 1
    var shards = 16
    var seed: UInt64 = 7
    /// Steps after which every rank forgets its algorithm and goes on from the state alone.
    var interruptions: Set<Int> = []
    var keepsHashes = false
    /// Rank 0 owns no shard.
    var hasKeeper = false

    func train<A: Algorithm>(
        _ type: A.Type, _ given: [String: String], _ channels: TestChannels
    ) throws -> TestOutcome {
        let hyperparameters = try A.spec.resolve(given)
        let outcomes = try LoopbackWorld.run(size: ranks) { communicator in
            try run(type, hyperparameters, channels, communicator)
        }
        guard let first = outcomes.first else { throw TestFailure(message: "no rank ended") }
        let hashes = Set(outcomes.map(\.model.tensors.sha256))
        guard hashes.count == 1 else { throw TestFailure(message: "ranks made different models") }
        return first
    }

    private func run<A: Algorithm>(
        _ type: A.Type, _ hyperparameters: ResolvedHyperparameters, _ channels: TestChannels,
        _ communicator: any Communicator
    ) throws -> TestOutcome {
        let data = channels.description(shards: shards, seed: seed)
        let division = try ShardDivision(
            shardCount: shards, ranks: ranks, threads: threads, hasKeeper: hasKeeper)
        let owned = division.shards(ofRank: communicator.rank, of: communicator.size)
        let context = GangStepContext(
            communicator: communicator, team: ThreadTeam(count: threads), vote: GangVote(communicator),
            shardCount: shards, shards: channels.shards(shards, owned: owned, seed: seed), seed: seed)
        var algorithm = try A(hyperparameters: hyperparameters, data: data)
        var hashes: [String] = []
        var epochMetrics: [Metric] = []
        var step = 0
        while !algorithm.isFinished {
            if interruptions.contains(step) {
                let saved = algorithm.state
                algorithm = try A(hyperparameters: hyperparameters, data: data)
                algorithm.state = saved
            }
            context.begin(step: step)
            epochMetrics += try algorithm.step(context).metrics
            if keepsHashes { hashes.append(algorithm.state.sha256) }
            step += 1
        }
        let metrics = try algorithm.finish(context)
        return TestOutcome(
            model: algorithm.model(), metrics: metrics, epochMetrics: epochMetrics,
            stateHashes: hashes, steps: step)
    }
}

struct TestFailure: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}

extension Records {
    /// The matrix of dense records.
    var matrix: DenseMatrix {
        get throws {
            guard case .dense(let matrix) = features else { throw TestFailure(message: "not dense") }
            return matrix
        }
    }
}

extension Prediction {
    /// The number under a name.
    func number(_ name: String) throws -> Double {
        guard case .number(let number)? = self[name] else {
            throw TestFailure(message: "\(name) is no number: \(fields)")
        }
        return number
    }
}

/// Made-up records: keyed random numbers, so that every run has the same.
enum TestRecords {
    static func dense(_ count: Int, width: Int, classes: Int?, seed: UInt64 = 3) -> Records {
        let key = RandomKey(seed: seed)
        var values: [Float] = []
        var labels: [Float] = []
        for row in 0..<count {
            let own = key.child(.index(row))
            let features = (0..<width).map { Float(own.child(.index($0)).unit * 4 - 1) * Float($0 + 1) }
            values += features
            labels.append(label(features, noise: own.child(.purpose(1)).unit, classes: classes))
        }
        return Records(
            features: .dense(DenseMatrix(rows: count, columns: width, values: values)), labels: labels)
    }

    /// About a third of the values are there; some rows have none.
    static func sparse(_ count: Int, width: Int, classes: Int?, seed: UInt64 = 4) -> Records {
        let full = dense(count, width: width, classes: classes, seed: seed)
        guard case .dense(let matrix) = full.features else { return full }
        let key = RandomKey(seed: seed).child(.purpose(9))
        var offsets = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        for row in 0..<count {
            for column in 0..<width where key.child(.index(row * width + column)).unit < 0.35 {
                columns.append(Int32(column))
                values.append(matrix.values[row * width + column])
            }
            offsets.append(values.count)
        }
        return Records(
            features: .sparse(
                SparseMatrix(
                    rows: count, columns: width, rowOffsets: offsets, columnIndices: columns,
                    values: values)), labels: full.labels)
    }

    /// The same records with every zero written out.
    static func densified(_ records: Records) -> Records {
        guard case .sparse(let matrix) = records.features else { return records }
        var values = [Float](repeating: 0, count: matrix.rows * matrix.columns)
        for row in 0..<matrix.rows {
            for entry in matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1] {
                values[row * matrix.columns + Int(matrix.columnIndices[entry])] = matrix.values[entry]
            }
        }
        return Records(
            features: .dense(DenseMatrix(rows: matrix.rows, columns: matrix.columns, values: values)),
            labels: records.labels)
    }

    private static func label(_ features: [Float], noise: Double, classes: Int?) -> Float {
        let sum = features.enumerated().reduce(Double(0)) { sum, item in
            sum + Double(item.element) * (item.offset.isMultiple(of: 2) ? 1 : -0.5)
        }
        let score = sum + 2 * noise
        guard let classes else { return Float(score) }
        let folded = score.truncatingRemainder(dividingBy: Double(3 * classes))
        return Float(Int(abs(folded)) % classes)
    }
}
