import Collectives
import Diagnostics
import Glibc
import Testing
import Threading

@Suite struct ExactSumTests {
    static let seed: UInt64 = 20_240_817

    struct World: CustomTestStringConvertible, Sendable {
        let size: Int
        let threads: Int
        let shards: Int
        var testDescription: String { "\(size) ranks, \(threads) threads, \(shards) shards" }
    }

    static let worlds = [1, 2, 3, 5].flatMap { size in
        [1, 2].flatMap { threads in
            [1, 2, 7, 16].map { World(size: size, threads: threads, shards: $0) }
        }
    }

    @Test("The bits do not depend on the world, the threads or who holds a shard", arguments: worlds)
    func bitsDoNotDependOnTheWorld(_ world: World) throws {
        try checkBits(world, of: Float.self, counts: [1, 1023, 1025, 5000], exponents: -40...20)
        try checkBits(world, of: Double.self, counts: [1, 63, 1000], exponents: -40...20)
    }

    @Test("Long arrays, in several chunks and on two threads, add to the same bits")
    func longArrays() throws {
        for size in [1, 2, 3] {
            let world = World(size: size, threads: 2, shards: 3)
            try checkBits(world, of: Float.self, counts: [600_001], exponents: -10...10)
            try checkBits(world, of: Double.self, counts: [300_001], exponents: -10...10)
        }
    }

    @Test(
        "Magnitudes over the whole range of the type add to the same bits within the bound",
        arguments: [World(size: 2, threads: 1, shards: 4), World(size: 5, threads: 2, shards: 9)])
    func wholeRange(_ world: World) throws {
        for exponents in [-149 ... -126, -149...100, 90...123, -20...0] {
            try checkBits(world, of: Float.self, counts: [3000], exponents: exponents)
        }
        for exponents in [-1074 ... -1000, -1074...1000, 900...1018, -20...0] {
            try checkBits(world, of: Double.self, counts: [500], exponents: exponents)
        }
    }

    private func checkBits<Value: Summand>(
        _ world: World, of type: Value.Type, counts: [Int], exponents: ClosedRange<Int>
    ) throws {
        var generator = SeededGenerator(seed: Self.seed)
        for count in counts {
            let shards: [[Value]] = (0..<world.shards).map { _ in
                (0..<count).map { _ in random(exponents, &generator) }
            }
            let alone = Assignment(worldSize: 1, owners: Array(repeating: 0, count: world.shards))
            let expected = try #require(try loopbackSums(shards, alone).first)
            checkBound(expected, shards)
            for owners in assignments(world, &generator) {
                let assignment = Assignment(worldSize: world.size, owners: owners)
                let sums = try loopbackSums(shards, assignment, threads: world.threads)
                #expect(
                    sums.allSatisfy { $0.map(\.pattern) == expected.map(\.pattern) },
                    "\(type), \(count) values, owners \(owners), seed \(Self.seed)")
            }
        }
    }

    /// In turn, all on the last rank (so that others hold none), and at random.
    private func assignments(_ world: World, _ generator: inout SeededGenerator) -> [[Int]] {
        let shards = 0..<world.shards
        return [
            shards.map { $0 % world.size },
            shards.map { _ in world.size - 1 },
            shards.map { _ in Int.random(in: 0..<world.size, using: &generator) },
        ]
    }

    private func random<Value: Summand>(
        _ exponents: ClosedRange<Int>, _ generator: inout SeededGenerator
    ) -> Value {
        if Int.random(in: 0..<10, using: &generator) == 0 { return 0 }
        let exponent = Value.Exponent(Int.random(in: exponents, using: &generator))
        let significand = Value.random(in: 1..<2, using: &generator)
        let value = Value(sign: .plus, exponent: exponent, significand: significand)
        return Bool.random(using: &generator) ? value : -value
    }

    /// docs/internals/exact-sums.md: half a unit for each shard, and half a last place of the result.
    private func checkBound<Value: Summand>(_ sums: [Value], _ shards: [[Value]]) {
        for start in stride(from: 0, to: sums.count, by: Value.blockLength) {
            let block = start..<min(start + Value.blockLength, sums.count)
            let bound = Value.bound(shards.flatMap { $0[block] }, shardCount: shards.count)
            for index in block {
                let exact = shards.reduce(0.0) { $0 + Double($1[index]) }
                let lastPlace = Double(sums[index].ulp)
                let error = abs(Double(sums[index]) - exact)
                #expect(error <= bound + lastPlace / 2, "element \(index), seed \(Self.seed)")
            }
        }
    }

    @Test("Whole numbers add exactly")
    func wholeNumbers() throws {
        let shards: [[Float]] = (0..<6).map { shard in
            (0..<2000).map { Float(($0 * 37 + shard * 11) % 4001 - 2000) }
        }
        let expected: [Float] = (0..<2000).map { index in
            shards.reduce(0) { sum, shard in sum + shard[index] }
        }
        let sums = try loopbackSums(shards, Assignment(worldSize: 3, owners: [0, 1, 2, 2, 1, 1]))
        #expect(sums == [expected, expected, expected])
    }

    @Test("The widest doubles keep all their bits")
    func doublesKeepAllBits() throws {
        let values: [Double] = [
            Double(1).nextUp, -Double.pi, .leastNonzeroMagnitude, 0x1.fffffffffffffp1000, 1e-300,
        ]
        let zeros = [Double](repeating: 0, count: values.count)
        let shards = Array(repeating: zeros, count: 1023) + [values]
        let owners = (0..<1024).map { $0 % 2 }
        let sums = try loopbackSums(shards, Assignment(worldSize: 2, owners: owners))
        #expect(sums == [values, values])
    }
}
