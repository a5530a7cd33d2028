import ClusterTypes
import Scheduling
import Testing

/// Numbers that look random and are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct SchedulerTests {
    @Test func `a gang spreads over nodes, ranks of a node side by side`() {
        let rooms = [room("a1", "a", 2), room("b1", "b", 2), room("b2", "b", 2)]
        let plan = Scheduler.plan(rooms: rooms, queue: [job("x", 4)])
        // Node b has four free slots and gives until both nodes have as many left.
        #expect(plan.decisions == [JobName("x"): place(["a1", "b1", "b1", "b2"])])
    }

    struct Reason: Sendable {
        var free: [Int]
        var slots: Int
        var wants: Int
        var text: String
    }

    @Test(arguments: [
        Reason(free: [2], slots: 4, wants: 3, text: "waiting for 3 slots, 2 are free of 4"),
        Reason(free: [1], slots: 4, wants: 3, text: "waiting for 3 slots, 1 is free of 4"),
        Reason(free: [4], slots: 4, wants: 5, text: "wants 5 slots, the cluster has 4"),
        Reason(free: [], slots: 0, wants: 1, text: "wants 1 slot, the cluster has no worker yet"),
    ])
    func `a waiting job says why`(reason: Reason) {
        let rooms = reason.free.map {
            WorkerRoom(worker: WorkerID("w"), address: "a", slots: reason.slots, freeSlots: $0)
        }
        let plan = Scheduler.plan(rooms: rooms, queue: [job("x", reason.wants)])
        #expect(plan.decisions == [JobName("x"): .wait(reason: reason.text)])
    }

    @Test func `a small job may pass a large one, but not for ever`() {
        let rooms = [room("w", "a", 2, free: 1)]
        let queue = [job("large", 2), job("small", 1)]
        let first = Scheduler.plan(rooms: rooms, queue: queue)
        #expect(first.decisions[JobName("small")] == place(["w"]))
        #expect(first.passedOver == [JobName("large"): 1])
        let patient = [job("large", 2, passedOver: Scheduler.passLimit), job("small", 1)]
        let last = Scheduler.plan(rooms: rooms, queue: patient)
        #expect(last.decisions[JobName("small")] == .wait(reason: "waiting behind large, which goes first"))
    }

    @Test func `a job larger than the cluster holds back nobody`() {
        let queue = [job("huge", 9, passedOver: 99), job("small", 1)]
        let plan = Scheduler.plan(rooms: [room("w", "a", 2)], queue: queue)
        #expect(plan.decisions[JobName("small")] == place(["w"]))
    }

    @Test(arguments: 1...200)
    func `no slot is in two gangs and no gang is half`(seed: Int) {
        var random = SeededGenerator(UInt64(seed))
        let rooms = (0..<Int.random(in: 0...6, using: &random)).map { index in
            let slots = Int.random(in: 1...4, using: &random)
            return room(
                "w\(index)", "node\(index / 2)", slots, free: Int.random(in: 0...slots, using: &random))
        }
        let queue = (0..<Int.random(in: 0...8, using: &random)).map { index in
            job(
                "j\(index)", Int.random(in: 1...7, using: &random),
                passedOver: Int.random(in: 0...17, using: &random))
        }
        let plan = Scheduler.plan(rooms: rooms, queue: queue)
        #expect(plan.decisions.count == queue.count)
        var free = Dictionary(uniqueKeysWithValues: rooms.map { ($0.worker, $0.freeSlots) })
        for job in queue {
            guard case .place(let gang, _) = plan.decisions[job.name] else { continue }
            #expect(job.slots.contains(gang.count))
            for worker in gang { free[worker, default: 0] -= 1 }
            let nodes = gang.map { worker in rooms.first { $0.worker == worker }?.address ?? "" }
            #expect(zip(nodes, nodes.dropFirst()).count { $0 != $1 } == Set(nodes).count - 1)
        }
        #expect(free.values.allSatisfy { $0 >= 0 })
        #expect(Scheduler.plan(rooms: rooms, queue: queue) == plan)
    }

    /// A cluster in which small jobs keep coming and every gang ends after a while.
    @Test(arguments: 1...20)
    func `no job that fits starves`(seed: Int) {
        var random = SeededGenerator(UInt64(seed))
        var queue = [job("large", 4)]
        var running: [(slots: Int, until: Int)] = []
        var started: Int?
        for time in 0..<400 where started == nil {
            running.removeAll { $0.until <= time }
            if queue.count < 6 { queue.append(job("small-\(time)", Int.random(in: 1...2, using: &random))) }
            let free = 4 - running.reduce(0) { $0 + $1.slots }
            let plan = Scheduler.plan(rooms: [room("w", "a", 4, free: free)], queue: queue)
            var waiting: [WaitingJob] = []
            for index in queue.indices {
                let name = queue[index].name
                guard case .place(let gang, _) = plan.decisions[name] else {
                    queue[index].passedOver = plan.passedOver[name] ?? queue[index].passedOver
                    waiting.append(queue[index])
                    continue
                }
                running.append((gang.count, time + Int.random(in: 1...10, using: &random)))
                if queue[index].name == JobName("large") { started = time }
            }
            queue = waiting
        }
        #expect(started != nil)
    }

    @Test func `a job of higher priority goes first and takes slots from a lower one that allows it`() {
        let rooms = [room("w", "a", 4, free: 0)]
        var high = job("high", 2)
        high.priority = 5
        var running = [
            RunningJob(name: JobName("old"), count: 2, most: 2, isPreemptible: true, startTime: 1),
            RunningJob(name: JobName("young"), count: 2, most: 2, isPreemptible: true, startTime: 2),
        ]
        let queue = [job("low", 1), high]
        let plan = Scheduler.plan(rooms: rooms, queue: queue, running: running)
        #expect(plan.requests == [.makeRoom(JobName("young"), for: JobName("high"))])
        #expect(
            plan.decisions[JobName("high")] == .wait(reason: "waiting for 2 slots: running jobs make room"))
        running[1].isLeaving = true
        let later = Scheduler.plan(rooms: [room("w", "a", 4, free: 1)], queue: queue, running: running)
        #expect(later.requests.isEmpty, "one is leaving already")
        #expect(later.decisions[JobName("low")] == .wait(reason: "waiting behind high, which goes first"))
        for index in running.indices {
            running[index].isLeaving = false
            running[index].isPreemptible = false
        }
        #expect(Scheduler.plan(rooms: rooms, queue: queue, running: running).requests.isEmpty)
    }

    @Test func `nobody is asked to leave when that would not be enough`() {
        var high = job("high", 4)
        high.priority = 1
        let running = [RunningJob(name: JobName("low"), count: 2, most: 2, isPreemptible: true)]
        let plan = Scheduler.plan(rooms: [room("w", "a", 4, free: 0)], queue: [high], running: running)
        #expect(plan.requests.isEmpty)
    }

    @Test func `an elastic job starts with what is there and grows when nobody waits`() {
        let elastic = WaitingJob(name: JobName("e"), slots: 1...4)
        let plan = Scheduler.plan(rooms: [room("w", "a", 4, free: 3)], queue: [elastic])
        #expect(plan.decisions[JobName("e")] == place(["w", "w", "w"]))
        let running = [RunningJob(name: JobName("e"), count: 3, most: 4, mayGrow: true)]
        let rooms = [room("w", "a", 4, free: 1)]
        #expect(Scheduler.plan(rooms: rooms, queue: [], running: running).requests == [.grow(JobName("e"))])
        #expect(Scheduler.plan(rooms: rooms, queue: [job("x", 2)], running: running).requests.isEmpty)
        let full = [room("w", "a", 4, free: 0)]
        #expect(Scheduler.plan(rooms: full, queue: [], running: running).requests.isEmpty)
    }

    @Test func `spot workers run spot jobs only, and a gang of spot workers gets the keeper`() {
        var rooms = [room("s", "a", 2), room("d", "b", 1), room("k", "c", 4)]
        rooms[0].kind = .spot
        rooms[2].kind = .keeper
        #expect(
            Scheduler.plan(rooms: rooms, queue: [job("x", 2)]).decisions[JobName("x")]
                == .wait(reason: "wants 2 slots, the cluster has 1 that are no spot slots"))
        var spot = WaitingJob(name: JobName("s"), slots: 1...2, usesSpot: true, keeper: .whenAllSpot)
        let plan = Scheduler.plan(rooms: rooms, queue: [spot])
        #expect(plan.decisions[JobName("s")] == place(["k", "s", "s"], hasKeeper: true))
        spot.slots = 3...3
        let mixed = Scheduler.plan(rooms: rooms, queue: [spot])
        #expect(mixed.decisions[JobName("s")] == place(["s", "s", "d"]))
        spot.keeper = .always
        let kept = Scheduler.plan(rooms: rooms, queue: [spot])
        #expect(kept.decisions[JobName("s")] == place(["k", "s", "s", "d"], hasKeeper: true))
        let alone = Scheduler.plan(rooms: Array(rooms[..<2]), queue: [spot])
        #expect(
            alone.decisions[JobName("s")]
                == .wait(reason: "wants a state keeper: start a worker with --kind keeper"))
    }

    private func room(_ name: String, _ address: String, _ slots: Int, free: Int? = nil) -> WorkerRoom {
        WorkerRoom(worker: WorkerID(name), address: address, slots: slots, freeSlots: free ?? slots)
    }

    private func job(_ name: String, _ slots: Int, passedOver: Int = 0) -> WaitingJob {
        WaitingJob(name: JobName(name), slots: slots...slots, passedOver: passedOver)
    }

    private func place(_ workers: [String], hasKeeper: Bool = false) -> Decision {
        .place(workers.map { WorkerID($0) }, hasKeeper: hasKeeper)
    }
}
