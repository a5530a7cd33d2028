import Foundation
import Testing

/// The whole control plane under a virtual clock: thousands of clusters with everything that can happen
/// to them.
///
/// `LOCKSTEP_SIMULATION_SEEDS=1000000` runs more seeds, `LOCKSTEP_SIMULATION_SEED=17` replays one.
@Suite struct SimulationTests {
    @Test func `no seed breaks an invariant and every rare situation is met`() async {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["LOCKSTEP_SIMULATION_SEED"].flatMap({ UInt64($0) }) {
            return Self.replay(seed)
        }
        let count = environment["LOCKSTEP_SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 10_000
        let sweep = await SeedSweep.run(1...max(1, count))
        for failure in sweep.failures.prefix(3) { Issue.record("\(Self.story(failure.seed))") }
        if sweep.failures.count > 3 {
            Issue.record("broken seeds in all: \(sweep.failures.map(\.seed).sorted().prefix(100))")
        }
        guard count >= 10_000 else { return }
        #expect(sweep.situations.missing.isEmpty, "the simulation is blind there: \(sweep.situations.table)")
    }

    @Test func `the same seed gives the same run`() {
        for seed: UInt64 in 1...20 {
            let runs = (0..<2).map { _ in Self.trace(seed) }
            #expect(runs[0] == runs[1], "seed \(seed) differs")
        }
    }

    private static func trace(_ seed: UInt64) -> [String] {
        let simulation = Simulation(seed: seed, isTracing: true)
        do { try simulation.run() } catch { return simulation.traceLines + ["\(error)"] }
        return simulation.traceLines + ["\(simulation.eventCount) events"]
    }

    private static func replay(_ seed: UInt64) {
        let simulation = Simulation(seed: seed, isTracing: true)
        do {
            try simulation.run()
            #expect(simulation.eventCount > 0)
        } catch {
            Issue.record("\(story(seed))")
        }
    }

    /// A failing seed, the last events before the violation, and how to see it again.
    private static func story(_ seed: UInt64) -> String {
        let lines = trace(seed)
        return """
            seed \(seed): \(lines.last ?? "")
            \(lines.dropLast().suffix(60).joined(separator: "\n"))
            replay: LOCKSTEP_SIMULATION_SEED=\(seed) swift test -c release --filter SimulationTests
                or: LOCKSTEP_SIMULATION_SEED=\(seed) scripts/test SimulationTests
            """
    }
}
