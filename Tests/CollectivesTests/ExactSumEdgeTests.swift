import CFixedPoint
import Collectives
import Diagnostics
import Glibc
import Testing
import Threading

@Suite struct ExactSumEdgeTests {
    struct Sum<Value: Summand>: CustomTestStringConvertible, Sendable {
        let name: String
        let shards: [Value]
        let expected: Value
        var testDescription: String { name }
    }

    static let floats: [Sum<Float>] = [
        Sum(name: "zeros give +0", shards: [0, 0, 0], expected: 0),
        Sum(name: "negative zeros give +0", shards: [-0.0, -0.0, -0.0], expected: 0),
        Sum(name: "opposites give +0", shards: [1.5, -1.5, -0.0], expected: 0),
        Sum(
            name: "the largest numbers cancel",
            shards: [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .greatestFiniteMagnitude],
            expected: .greatestFiniteMagnitude),
        Sum(
            name: "subnormals add exactly",
            shards: [.leastNonzeroMagnitude, .leastNonzeroMagnitude, -3 * .leastNonzeroMagnitude],
            expected: -.leastNonzeroMagnitude),
        Sum(
            name: "a normal and a subnormal add exactly",
            shards: [.leastNormalMagnitude, -.leastNonzeroMagnitude, 0],
            expected: Float(bitPattern: 0x007F_FFFF)),
        Sum(name: "ties go to even, down", shards: [0x1p24, 1, 0], expected: 0x1p24),
        Sum(name: "ties go to even, up", shards: [0x1p24 + 2, 1, 0], expected: 0x1p24 + 4),
    ]

    static let doubles: [Sum<Double>] = [
        Sum(name: "zeros give +0", shards: [0, 0, 0], expected: 0),
        Sum(name: "negative zeros give +0", shards: [-0.0, -0.0, -0.0], expected: 0),
        Sum(name: "opposites give +0", shards: [1.5, -1.5, -0.0], expected: 0),
        Sum(
            name: "the largest numbers cancel",
            shards: [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .greatestFiniteMagnitude],
            expected: .greatestFiniteMagnitude),
        Sum(
            name: "subnormals add exactly",
            shards: [.leastNonzeroMagnitude, .leastNonzeroMagnitude, -3 * .leastNonzeroMagnitude],
            expected: -.leastNonzeroMagnitude),
        Sum(
            name: "a normal and a subnormal add exactly",
            shards: [.leastNormalMagnitude, -.leastNonzeroMagnitude, 0],
            expected: Double(bitPattern: 0x000F_FFFF_FFFF_FFFF)),
        Sum(name: "ties go to even, down", shards: [0x1p53, 1, 0], expected: 0x1p53),
        Sum(name: "ties go to even, up", shards: [0x1p53 + 2, 1, 0], expected: 0x1p53 + 4),
        Sum(
            name: "small addends count below the last place", shards: [0x1p53, 0.5, 0.75],
            expected: 0x1p53 + 2),
        // With three shards the unit of an element of largest value 1 is 2^-60.
        Sum(name: "half a unit goes to even, down", shards: [1, -1, 0x1p-61], expected: 0),
        Sum(name: "half a unit goes to even, up", shards: [1, -1, 0x3p-61], expected: 0x1p-59),
        Sum(name: "negative half a unit goes to even", shards: [1, -1, -0x5p-61], expected: -0x1p-59),
    ]

    @Test("Float sums at the edges of the type", arguments: floats)
    func edgesOfFloat(_ sum: Sum<Float>) throws { try check(sum) }

    @Test("Double sums at the edges of the type", arguments: doubles)
    func edgesOfDouble(_ sum: Sum<Double>) throws { try check(sum) }

    private func check<Value: Summand>(_ sum: Sum<Value>) throws {
        for owners in [[0, 0, 0], [0, 1, 0], [1, 1, 1]] {
            let sums = try loopbackSums(
                sum.shards.map { [$0] }, Assignment(worldSize: 2, owners: owners))
            #expect(sums.map { $0.map(\.pattern) } == [[sum.expected.pattern], [sum.expected.pattern]])
        }
    }

    @Test(
        "Equal largest values of any number of shards fill the integers and do not wrap",
        arguments: [1, 2, 3, 64, 127, 128, 129, 255, 256, 257, 1000, 1023, 1024, 1025, 2048])
    func headroomSuffices(_ shardCount: Int) throws {
        let owners = (0..<shardCount).map { $0 % 2 }
        let assignment = Assignment(worldSize: 2, owners: owners)
        for sign in [Double(1), -1] {
            let float = Float(sign) * Float(1).nextDown
            let floats = try loopbackSums(Array(repeating: [float], count: shardCount), assignment)
            let bound = Float.bound([float], shardCount: shardCount)
            #expect(
                abs(Double(floats[0][0]) - Double(float) * Double(shardCount)) <= bound + Double(
                    floats[0][0].ulp) / 2)
            let double = sign * Double(1).nextDown
            let doubles = try loopbackSums(Array(repeating: [double], count: shardCount), assignment)
            #expect(abs(doubles[0][0] - double * Double(shardCount)) <= Double(shardCount).ulp)
        }
    }

    @Test(
        "What lies below the unit of a block goes to the nearest unit, ties to even",
        arguments: [0, -110, 90])
    func roundsToTheUnit(_ exponent: Int) throws {
        let scale = Float(sign: .plus, exponent: exponent, significand: 1)
        let unit = scale * 0x1p-30
        let units: [Float] = [0.5, 1.5, 2.5, 0.75, 0.25, -0.5, -1.5, -2.5, -0.75, -0.25, 3]
        let expected: [Float] = [0, 2, 2, 1, 0, 0, -2, -2, -1, 0, 3]
        let sums = try loopbackSums(
            [[scale] + units.map { $0 * unit }], Assignment(worldSize: 1, owners: [0]))
        #expect(sums == [[scale] + expected.map { $0 * unit }])
    }

    @Test(
        "Special instructions and portable code give the same bits",
        arguments: [-149...127, -149 ... -120, -8...8])
    func instructionSets(_ exponents: ClosedRange<Int>) {
        var generator = SeededGenerator(seed: 11)
        let values = (0..<1024).map { index in
            let exponent = index == 0 ? exponents.upperBound : Int.random(in: exponents, using: &generator)
            return Float(
                sign: .plus, exponent: exponent, significand: Float.random(in: 1..<2, using: &generator))
                * (Bool.random(using: &generator) ? 1 : -1)
        }
        let own = Self.passes(values)
        cfixed_set_portable_only(1)
        let portable = Self.passes(values)
        cfixed_set_portable_only(0)
        #expect(own == portable)
    }

    /// The exponent, the integers (set, then added to) and the restored bit patterns.
    private static func passes(_ values: [Float]) -> [Int] {
        let count = values.count
        let exponent = Int32(cfixed_largest_exponent(values, count))
        var integers = [Int32](repeating: 0, count: count)
        cfixed_quantize(values, count, 155 - exponent, &integers, 0)
        cfixed_quantize(values, count, 155 - exponent, &integers, 1)
        var restored = [Float](repeating: 0, count: count)
        cfixed_restore(integers, count, exponent - 155, &restored)
        return [Int(exponent)] + integers.map { Int($0) } + restored.map { Int($0.bitPattern) }
    }

    @Test(
        "Rounding modes and flush-to-zero of the calling thread do not matter",
        arguments: [UInt32(0x2000), 0x4000, 0x6000, 0x8040, 0xE040])
    func floatingPointModes(_ rules: UInt32) throws {
        var generator = SeededGenerator(seed: 5)
        let shards = (0..<4).map { _ in (0..<3000).map { _ in Float.random(in: -1...1, using: &generator) } }
        let tiny = shards.map { $0.map { $0 * 0x1p-140 } }
        let wide = shards.map { $0.map { Double($0) * 0x1p-1060 } }
        let plain = try LoopbackWorld.run(size: 1) { try Self.sums([shards, tiny], wide, $0) }
        let other = try LoopbackWorld.run(size: 1) { communicator in
            var mode = fenv_t()
            fegetenv(&mode)
            let own = mode
            mode.__mxcsr |= rules
            fesetenv(&mode)
            let sums = try Self.sums([shards, tiny], wide, communicator)
            fegetenv(&mode)
            #expect(mode.__mxcsr & 0xE040 == rules, "the thread's own mode is back")
            withUnsafePointer(to: own) { _ = fesetenv($0) }
            return sums
        }
        #expect(plain == other)
    }

    private static func sums(
        _ floats: [[[Float]]], _ doubles: [[Double]], _ communicator: any Communicator
    ) throws -> [[UInt64]] {
        let sum = ExactSum(communicator: communicator, team: ThreadTeam(count: 1), shardCount: 4)
        return try floats.map { try exactSum(sum, $0, count: 3000).map(\.pattern) }
            + [try exactSum(sum, doubles, count: 3000).map(\.pattern)]
    }
}
