import ClusterTypes
import ControlPlane
import Diagnostics
import JobLifecycle
import Testing
import Wire

/// What the simulation has found, as short stories; each names the seed that told it first.
@Suite struct RegressionTests {
    /// Seeds that have broken an invariant, or shown that its check was wrong. They tell other stories
    /// whenever the model changes, so each bug has its test below as well.
    @Test(
        arguments: [
            688, 1244, 1278, 11382, 16057, 20706, 21873, 27656, 28343, 55247, 57811, 67261, 86607,
        ] as [UInt64])
    func `a seed that once broke an invariant holds`(seed: UInt64) throws {
        let simulation = Simulation(seed: seed)
        try simulation.run()
        #expect(simulation.eventCount > 0)
    }

    @Test func `nobody makes room for a job that has no keeper to start with`() throws {
        // Seed 1244: the low job left after every step, for ever.
        var cluster = try Self.cluster(["w1": 2])
        _ = try cluster.handle(.create(Self.draft("low", 2, isPreemptible: true), invocationID: nil), at: 1)
        let high = Self.draft("high", 1, priority: 1, keeper: .always)
        _ = try cluster.handle(.create(high, invocationID: nil), at: 2)
        #expect(cluster.jobs[JobName("low")]?.isLeaving == false)
        #expect(
            cluster.jobs[JobName("high")]?.record.transitions.last?.message
                == "wants a state keeper: start a worker with --kind keeper")
    }

    @Test func `a waiting job's limit is kept however busy the cluster is`() throws {
        // Seed 16057: every event made a plan, and a tick soon after a plan did not look at the limits.
        var cluster = try Self.cluster(["w1": 1])
        _ = try cluster.handle(.create(Self.draft("large", 2, maxWait: 5), invocationID: nil), at: 1)
        for tenth in 11...80 {
            let time = Double(tenth) / 10
            _ = try cluster.handle(.create(Self.draft("j\(tenth)", 3), invocationID: nil), at: time)
            _ = try cluster.handle(.tick, at: time)
            _ = try cluster.handle(.heartbeat(WorkerID("w1"), hotStateBytes: 0), at: time)
        }
        #expect(cluster.jobs[JobName("large")]?.record.secondaryStatus == .maxWaitTimeExceeded)
    }

    @Test func `a lost worker's old gang does not hold the slots of others for ever`() throws {
        // Seed 21873: the worker came back with a gang that had been given up, and then died.
        var cluster = try Self.cluster(["w1": 1, "w2": 1])
        _ = try cluster.handle(.create(Self.draft("a", 2), invocationID: nil), at: 1)
        let attempt = AttemptID(job: JobName("a"), number: 1)
        _ = try cluster.handle(.running(attempt, by: WorkerID("w1")), at: 1)
        try Self.wait(&cluster, from: 1, to: 8, alive: "w2")
        #expect(cluster.jobs[JobName("a")]?.hasGang == false)
        let back = Self.registration("w1", 1, attempts: [attempt])
        let change = try cluster.handle(.register(back, connection: 9), at: 8)
        #expect(change.effects.contains(.send(.kill(attempt), to: WorkerID("w1"), connection: 9)))
        #expect(cluster.freeSlots(WorkerID("w2")) == 0, "the old gang may still have a rank there")
        try Self.wait(&cluster, from: 8, to: 15, alive: "w2")
        #expect(cluster.freeSlots(WorkerID("w2")) == 1)
        _ = try cluster.handle(.create(Self.draft("b", 1), invocationID: nil), at: 16)
        #expect(cluster.jobs[JobName("b")]?.hasGang == true)
    }

    @Test func `jobs that can never fit do not hide those behind them`() throws {
        // The search gave up after 256 jobs that waited, whether or not they could ever start.
        var cluster = try Self.cluster(["w1": 1])
        for number in 1...300 {
            _ = try cluster.handle(.create(Self.draft("large\(number)", 2), invocationID: nil), at: 1)
        }
        _ = try cluster.handle(.create(Self.draft("small", 1), invocationID: nil), at: 2)
        #expect(cluster.jobs[JobName("small")]?.hasGang == true)
    }

    private static func wait(
        _ cluster: inout ClusterState, from start: Int, to end: Int, alive: String
    ) throws {
        for second in start...end {
            _ = try cluster.handle(.heartbeat(WorkerID(alive), hotStateBytes: 0), at: Double(second))
            _ = try cluster.handle(.tick, at: Double(second))
        }
    }

    private static func cluster(_ workers: [String: Int]) throws -> ClusterState {
        var cluster = ClusterState(leaseSeconds: 5, heartbeatSeconds: 1)
        for (number, worker) in workers.sorted(by: { $0.key < $1.key }).enumerated() {
            _ = try cluster.handle(
                .register(registration(worker.key, worker.value), connection: number + 1), at: 0)
        }
        return cluster
    }

    private static func registration(
        _ name: String, _ slots: Int, attempts: [AttemptID] = []
    ) -> Registration {
        Registration(
            worker: WorkerID(name), instance: name, address: name, slots: slots, launchPort: 1,
            attempts: attempts)
    }

    private static func draft(
        _ name: String, _ slots: Int, priority: Int = 0, isPreemptible: Bool = false, maxWait: Int? = nil,
        keeper: JobPolicy.Keeper = .never
    ) -> JobDraft {
        JobDraft(
            name: JobName(name), requestJSON: "", arn: "", modelArtifact: "", slotCount: slots,
            maxRuntimeSeconds: 1000, maximumRestarts: 3,
            policy: JobPolicy(
                minimumSlots: slots, priority: priority, isPreemptible: isPreemptible,
                maxWaitSeconds: maxWait,
                keeper: keeper))
    }
}
