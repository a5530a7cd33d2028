import Foundation

/// Many seeds, spread over the processor's cores.
struct SeedSweep: Sendable {
    struct Failure: Sendable {
        var seed: UInt64
        var violation: Violation
    }
    var failures: [Failure] = []
    var situations = Situations()
    var eventCount = 0

    static func run(_ seeds: ClosedRange<UInt64>) async -> SeedSweep {
        let cores = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        return await withTaskGroup(of: SeedSweep.self) { group in
            for core in 0..<cores {
                group.addTask {
                    var sweep = SeedSweep()
                    for seed in stride(
                        from: seeds.lowerBound + core, through: seeds.upperBound, by: Int(cores))
                    {
                        sweep.run(seed)
                    }
                    return sweep
                }
            }
            var whole = SeedSweep()
            for await part in group {
                whole.failures += part.failures
                whole.situations.add(part.situations)
                whole.eventCount += part.eventCount
            }
            return whole
        }
    }

    private mutating func run(_ seed: UInt64) {
        let simulation = Simulation(seed: seed)
        do { try simulation.run() } catch { failures.append(Failure(seed: seed, violation: error)) }
        situations.add(simulation.situations)
        eventCount += simulation.eventCount
    }
}
