import Collectives
import Diagnostics
import Foundation
import MPICollectives
import Threading

/// The timing loop of `lockstep-bench allreduce`, on one rank.
final class AllreduceMeasurement {
    private let communicator: MPICommunicator
    private let bench: AllreduceBench
    private let exact: ExactSum

    init(_ communicator: any Communicator, _ bench: AllreduceBench) throws {
        guard let communicator = communicator as? MPICommunicator else {
            throw LockstepError(.bug, "the benchmark needs an MPI world")
        }
        self.communicator = communicator
        self.bench = bench
        exact = ExactSum(
            communicator: communicator, team: ThreadTeam(count: bench.threads),
            shardCount: communicator.size * bench.shards)
    }

    func run() throws -> AllreduceResult {
        var rows: [AllreduceResult.Row] = []
        var bytes = bench.smallest
        while bytes <= bench.largest {
            communicator.step = rows.count
            rows.append(try measure(count: bytes / 4))
            bytes *= 4
        }
        return AllreduceResult(
            ranks: communicator.size, threads: bench.threads, shardsPerRank: bench.shards, rows: rows)
    }

    private func measure(count: Int) throws -> AllreduceResult.Row {
        let parts = (0..<bench.shards).map { shard in
            let part = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            let seed = communicator.rank * bench.shards + shard + 1
            for index in 0..<count {
                part[index] = Float((index &* 7919 &+ seed &* 104_729) % 20_011 - 10_005) / 10_007
            }
            return part
        }
        // One for each way: a program has one of them, and MPI leaves its own in its peers' caches.
        let results = (0..<2).map { _ in
            let result = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            result.update(repeating: 0)
            return result
        }
        defer { for buffer in parts + results { buffer.deallocate() } }
        let float = { [communicator] in try communicator.inexactSum(parts[0], into: results[0]) }
        let exact = { [exact, communicator] in
            try exact.sum(parts, count: count, name: "w", step: communicator.step ?? 0, into: results[1])
        }
        let warmUp = try time(float) + time(exact) + time(float) + time(exact)
        let repetitions = max(7, min(20_000, Int(bench.seconds / (warmUp / 2))))
        var floats: [Double] = []
        var exacts: [Double] = []
        for _ in 0..<repetitions {
            floats.append(try time(float))
            exacts.append(try time(exact))
        }
        return AllreduceResult.Row(
            bytes: count * 4, repetitions: repetitions, floatMicroseconds: median(floats) * 1e6,
            exactMicroseconds: median(exacts) * 1e6)
    }

    /// Seconds on the slowest rank, the same on every rank.
    private func time(_ body: () throws -> Void) throws -> Double {
        try communicator.barrier()
        let start = DispatchTime.now().uptimeNanoseconds
        try body()
        let own = DispatchTime.now().uptimeNanoseconds - start
        return Double(try communicator.maximum(Int64(own))) * 1e-9
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
