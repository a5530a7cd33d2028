import ClusterTypes
import ControlPlane
import Diagnostics
import Foundation
import JobLifecycle
import Scheduling
import Wire

/// A cluster's whole life under a virtual clock, with the time of every decision.
struct SchedulerMeasurement {
    let nodeCount: Int
    let jobCount: Int
    let slotsPerNode: Int
    let arrivalsPerSecond: Double

    private enum Happening {
        case create(Int)
        case event(ClusterEvent, SchedulerResult.Kind)
        case heartbeat(Int)
        case tick
    }

    private var cluster = ClusterState(leaseSeconds: 5, heartbeatSeconds: 1)
    private var calendar = BenchCalendar<Happening>()
    private var chance = BenchChance(state: 1)
    private var result = SchedulerResult()
    private var waiting = OrdinalSet()
    private var endedCount = 0

    init(nodeCount: Int, jobCount: Int, slotsPerNode: Int, arrivalsPerSecond: Double) {
        self.nodeCount = nodeCount
        self.jobCount = jobCount
        self.slotsPerNode = slotsPerNode
        self.arrivalsPerSecond = arrivalsPerSecond
    }

    mutating func run() throws -> SchedulerResult {
        result.nodeCount = nodeCount
        result.jobCount = jobCount
        result.slotCount = nodeCount * slotsPerNode
        let memory = PeakMemory.resident()
        let start = ContinuousClock.now
        for node in 0..<nodeCount {
            let time = Double(node) / Double(nodeCount)
            calendar.add(.event(.register(registration(node), connection: node + 1), .register), at: time)
            calendar.add(.heartbeat(node), at: time + 1)
        }
        for job in 0..<jobCount { calendar.add(.create(job), at: 2 + Double(job) / arrivalsPerSecond) }
        calendar.add(.tick, at: 0.05)
        while endedCount < jobCount, let (time, happening) = calendar.next() {
            switch happening {
            case .create(let job):
                waiting.insert(job)
                try handle(.create(draft(job), invocationID: nil), .create, time)
            case .event(let event, let kind):
                try handle(event, kind, time)
                if kind == .ended { endedCount += 1 }
            case .heartbeat(let node):
                try handle(.heartbeat(WorkerID(Self.name(node)), hotStateBytes: 0), .heartbeat, time)
                calendar.add(.heartbeat(node), at: time + 1)
            case .tick:
                try handle(.tick, .tick, time)
                calendar.add(.tick, at: time + 0.1)
            }
            result.virtualSeconds = time
        }
        result.wholeSeconds = Self.seconds(ContinuousClock.now - start)
        result.memoryBytes = PeakMemory.resident() - memory
        return result
    }

    private mutating func handle(_ event: ClusterEvent, _ kind: SchedulerResult.Kind, _ time: Double) throws {
        let start = ContinuousClock.now
        let change = try cluster.handle(event, at: Moment(steady: time, wall: time))
        result.note(kind, seconds: Self.seconds(ContinuousClock.now - start))
        result.savedCount += change.jobs.count + change.profiles.count
        if !change.isVolatile { result.writeCount += 1 }
        result.longestQueue = max(result.longestQueue, waiting.count)
        for effect in change.effects {
            if case .send(.launch(let order), let worker, _) = effect { launch(order, on: worker, time) }
        }
    }

    /// A gang that runs, reports once, and ends.
    private mutating func launch(_ order: LaunchOrder, on worker: WorkerID, _ time: Double) {
        if order.attempt.number == 1, let job = Int(order.attempt.job.rawValue.dropFirst()) {
            if let first = waiting.next(from: 0), first < job { result.overtakingCount += 1 }
            waiting.remove(job)
        }
        let seconds = 30 + 60 * chance.next()
        var report = TrainingEvent(.progress, time: time)
        report.step = 1
        calendar.add(.event(.running(order.attempt, by: worker), .running), at: time + 0.1)
        calendar.add(
            .event(.trained([TrainingReport(attempt: order.attempt, events: [report])]), .trained),
            at: time + 1)
        calendar.add(
            .event(
                .ended(order.attempt, AttemptEnd(.exited, status: 0, time: time + seconds), by: worker),
                .ended),
            at: time + seconds)
        result.launchCount += 1
    }

    private static func name(_ node: Int) -> String { "n\(node)" }

    private func registration(_ node: Int) -> Registration {
        Registration(
            worker: WorkerID(Self.name(node)), instance: "1", address: "10.\(node >> 8).\(node & 255)",
            slots: slotsPerNode, launchPort: 1, attempts: [])
    }

    /// One in ten jobs is elastic, one in ten may be preempted, one in ten has a higher priority.
    private mutating func draft(_ job: Int) -> JobDraft {
        let sizes = [1, 1, 2, 4, 8, 16]
        let slots = min(sizes[Int(chance.next() * 6)], nodeCount * slotsPerNode)
        return JobDraft(
            name: JobName("j\(job)"), requestJSON: "{\"TrainingJobName\":\"j\(job)\"}", arn: "arn:j\(job)",
            modelArtifact: "file:///models/j\(job)", slotCount: slots, maxRuntimeSeconds: 86_400,
            maximumRestarts: 10,
            policy: JobPolicy(
                minimumSlots: chance.next() < 0.1 ? 1 : slots, priority: chance.next() < 0.1 ? 1 : 0,
                isPreemptible: chance.next() < 0.1))
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

/// Numbers from 0 to 1, the same in every run (SplitMix64).
struct BenchChance {
    var state: UInt64

    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53
    }
}
