import ArgumentParser
import Diagnostics
import Foundation
import Glibc

/// Real jobs, disturbed from a seed until they end.
struct ChaosBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Disturbs real jobs at random; their models must be those of undisturbed ones.",
        discussion: """
            Each run starts a cluster of four spot workers and a state keeper, submits a job, and until it \
            ends kills ranks, mpirun, supervisors, workers and the coordinator, stops and continues \
            processes, drains, adds and upgrades workers, takes away nodes with their memory, and damages \
            checkpoints and hot states, as a seed says. As root the output lies on a small disk that is \
            filled now and then. The jobs are in turn linear-learner and kmeans on one to four ranks, and \
            a script and an MPI program of two hosts each that commit every step. A run fails when the \
            model is not the undisturbed one, or when processes, shared memory, session folders, scratch \
            trees or mounts are left behind. The seed fixes what is done to whom and when; the machine \
            still has its own timing.

            scripts/chaos-hosts runs it with each worker on a host of its own, and cuts and slows links.
            """)

    @Option(help: "Runs, with seeds from --seed on.")
    var runs = 4
    @Option(help: "First seed.")
    var seed: UInt64 = 1
    @Option(help: "Sleep after every step in milliseconds: longer jobs are disturbed more often.")
    var delay = 20
    @Option(help: "Only this disturbance, by name.")
    var only: String?
    @Option(help: "Only jobs of this kind: \(ChaosKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind: String?
    @Option(help: "Name of a bed of hosts, whose first one this program runs on; see scripts/chaos-hosts.")
    var bed: String?
    @Option(help: "A small file system that all hosts of the bed see, for the output.")
    var smallDisk: String?
    @Flag(help: "Print a Markdown table instead of lines.")
    var markdown = false

    func validate() throws {
        guard runs > 0 else { throw ValidationError("--runs is \(runs): it must be at least 1") }
        guard (0...10_000).contains(delay) else {
            throw ValidationError("--delay is \(delay): it must be 0 to 10000 milliseconds")
        }
        if let only, Disturbance(rawValue: only) == nil {
            let names = Disturbance.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--only is \"\(only)\": it must be one of \(names)")
        }
        if let kind, ChaosKind(rawValue: kind) == nil {
            let names = ChaosKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--kind is \"\(kind)\": it must be one of \(names)")
        }
        if bed != nil, !FileManager.default.isExecutableFile(atPath: Self.testbed) {
            throw ValidationError("--bed wants \(Self.testbed): run it from the top of the checkout")
        }
    }

    private static let testbed = FileManager.default.currentDirectoryPath + "/scripts/testbed"

    private var disturbances: [Disturbance] {
        only.flatMap(Disturbance.init(rawValue:)).map { [$0] } ?? Disturbance.allCases
    }

    /// The kinds in turn, so that runs of neighbouring seeds have one of each.
    private func kind(of seed: UInt64) -> ChaosKind {
        if let only = kind.flatMap(ChaosKind.init(rawValue:)) { return only }
        return ChaosKind.allCases[Int(seed % UInt64(ChaosKind.allCases.count))]
    }

    func run() throws {
        var results: [ChaosResult] = []
        for number in 0..<UInt64(runs) {
            let run = ChaosRun(
                seed: seed + number, kind: kind(of: seed + number), delayMilliseconds: delay,
                disturbances: disturbances,
                hosts: ChaosHosts(bed: bed.map { ($0, Self.testbed) }), smallDisk: smallDisk)
            let result = try run.run()
            results.append(result)
            StandardStreams.output(markdown ? result.row : result.line)
            guard result.isEqual else {
                throw LockstepError(.mismatch, "seed \(result.seed): \(result.verdict)")
            }
            guard result.left.isEmpty else {
                throw LockstepError(
                    .mismatch, "seed \(result.seed) left behind: \(result.left.joined(separator: "; "))")
            }
        }
        StandardStreams.output(ChaosResult.summary(results))
    }
}

/// What became of one run.
struct ChaosResult {
    var seed: UInt64
    var kind: ChaosKind
    var disturbances: [String]
    var attempts: Int
    var recovery: ChaosRecovery
    var seconds: Double
    /// What was there after the daemons had left.
    var left: [String]
    var isEqual: Bool
    var verdict: String

    var line: String {
        "seed \(seed)  \(kind.rawValue)  \(disturbances.count) disturbances, \(attempts) attempts, "
            + "longest gap \(worst) s, \(recovery.lostSteps) steps lost "
            + "(\(recovery.onTheWaySteps) on their way), "
            + "\(String(format: "%.1f", seconds)) s: \(verdict)\n    "
            + disturbances.joined(separator: "; ")
    }

    var row: String {
        "| \(seed) | \(kind.rawValue) | \(disturbances.count) | \(attempts) | \(median) | \(worst) | "
            + "\(recovery.lostSteps) | \(verdict) |"
    }

    private var worst: String { String(format: "%.2f", recovery.gaps.max() ?? 0) }
    private var median: String {
        recovery.gaps.isEmpty ? "-" : String(format: "%.2f", recovery.gaps.sorted()[recovery.gaps.count / 2])
    }

    static func summary(_ results: [ChaosResult]) -> String {
        let gaps = results.flatMap(\.recovery.gaps).sorted()
        let disturbances = results.reduce(0) { $0 + $1.disturbances.count }
        let lost = results.reduce(0) { $0 + $1.recovery.lostSteps }
        let inPlace = results.flatMap(\.recovery.inPlaceGaps).sorted()
        let shrunk =
            inPlace.isEmpty
            ? ""
            : String(
                format: "\(inPlace.count) in place: median gap %.3f s, longest %.3f s; ",
                inPlace[inPlace.count / 2], inPlace[inPlace.count - 1])
        let onTheWay = results.reduce(0) { $0 + $1.recovery.onTheWaySteps }
        return "\(results.count) runs, \(disturbances) disturbances, \(gaps.count) recoveries: median gap "
            + String(
                format: "%.2f s, longest %.2f s; ", gaps.isEmpty ? 0 : gaps[gaps.count / 2], gaps.last ?? 0)
            + shrunk + "\(lost) steps taken twice (\(onTheWay) of them programs' commits on their way "
            + "from memory that was lost); all models equal, nothing left behind"
    }
}
