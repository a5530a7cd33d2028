import Collectives
import Diagnostics
import Tensors
import Testing
import Threading
import Training

@Suite struct StepContextTests {
    struct World: Sendable, CustomTestStringConvertible {
        let ranks: Int
        let threads: Int
        var testDescription: String { "\(ranks) ranks × \(threads) threads" }
    }
    static let worlds = [1, 2, 3, 5].flatMap { ranks in [1, 2].map { World(ranks: ranks, threads: $0) } }

    /// Runs `body` on every rank with 11 shards of 40 records.
    private func run<Result: Sendable>(
        _ world: World, _ body: @escaping @Sendable (GangStepContext, GangVote) throws -> Result
    ) throws -> [Result] {
        let source = MemorySource.made(count: 40, columns: 3, sparse: false, seed: 4)
        return try LoopbackWorld.run(size: world.ranks) { communicator in
            let vote = GangVote(communicator)
            let division = try ShardDivision(shardCount: 11, ranks: world.ranks, threads: world.threads)
            let shards = try division.shards(ofRank: communicator.rank, of: communicator.size).map { index in
                let range = division.records(ofShard: index, in: source.recordCount)
                return LogicalShard(
                    index: index, count: 11, firstRecord: range.lowerBound, records: try source.load(range),
                    seed: 0)
            }
            let context = GangStepContext(
                communicator: communicator, team: ThreadTeam(count: world.threads), vote: vote,
                shardCount: 11, shards: [.train: shards], seed: 0)
            context.begin(step: 7)
            return try body(context, vote)
        }
    }

    @Test(arguments: worlds)
    func `shards are visited once and parts start at zero`(_ world: World) throws {
        let sums = try run(world) { context, _ in
            // Twice, so that the second call finds the buffers used.
            _ = try context.sumWide([SumShape("first", 13)], over: .train) { _, parts in
                for index in 0..<13 { parts[0][index] = 9 }
            }
            return try context.sumWide([SumShape("visits", 11), SumShape("records", 1)], over: .train) {
                $1[0][$0.index] += 1
                $1[1][0] += Double($0.records.count)
            }
        }
        for sum in sums { #expect(sum == [[Double](repeating: 1, count: 11), [40]]) }
    }

    @Test(arguments: worlds)
    func `collected bytes come in order of shard on every rank`(_ world: World) throws {
        let parts = try run(world) { context, _ in
            try context.collect(over: .train) { shard in
                [UInt8](repeating: UInt8(shard.index), count: shard.index % 3)
            }
        }
        for part in parts { #expect(part == (0..<11).map { [UInt8](repeating: UInt8($0), count: $0 % 3) }) }
    }

    @Test(arguments: worlds)
    func `an error in a shard is the same error on every rank`(_ world: World) throws {
        let messages = try run(world) { context, vote -> String in
            do {
                _ = try context.sum([SumShape("x", 2)], over: .train) { shard, _ in
                    if shard.index == 4 || shard.index == 9 {
                        throw LockstepError(.data, "shard \(shard.index) is bad")
                    }
                }
                return "no error"
            } catch {
                return "\(error), shared: \(vote.sharedFailure != nil)"
            }
        }
        #expect(messages == Array(repeating: "shard 4 is bad, shared: true", count: world.ranks))
    }

    @Test(arguments: worlds)
    func `a gang goes on after an error that was caught`(_ world: World) throws {
        let sums = try run(world) { context, _ in
            _ = try? context.collect(over: .train) { shard -> [UInt8] in
                if shard.index == 10 { throw LockstepError(.data, "bad") }
                return []
            }
            return try context.sum([SumShape("x", 1)], over: .train) { $1[0][0] = Float($0.index) }
        }
        for sum in sums { #expect(sum == [[55]]) }
    }

    @Test(arguments: worlds)
    func `a value that is no number names tensor and step on every rank`(_ world: World) throws {
        let messages = try run(world) { context, vote -> String in
            do {
                _ = try context.sum([SumShape("bias", 2)], over: .train) { shard, parts in
                    if shard.index == 6 { parts[0][1] = .nan }
                }
                return "no error"
            } catch {
                return "\(error), shared: \(vote.sharedFailure?.code == .numerics)"
            }
        }
        #expect(Set(messages).count == 1)
        let message = try #require(messages.first)
        #expect(message.contains("bias") && message.contains("step 7") && message.contains("shared: true"))
    }

    @Test func `a channel that is absent is named`() throws {
        let error = #expect(throws: LockstepError.self) {
            try run(World(ranks: 2, threads: 1)) { context, _ in
                try context.sum([SumShape("x", 1)], over: .test) { _, _ in }
            }
        }
        #expect(error?.message.contains("test") == true)
    }

    @Test func `a vote gives every rank the error of the lowest rank`() throws {
        let messages = try LoopbackWorld.run(size: 4) { communicator in
            do {
                try GangVote(communicator).together {
                    if communicator.rank >= 2 { throw LockstepError(.io, "rank \(communicator.rank)") }
                }
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(messages == Array(repeating: "rank 2", count: 4))
    }
}
