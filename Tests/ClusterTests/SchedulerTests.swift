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
        #expect(plan.decisions == [.place(["a1", "b1", "b1", "b2"].map { WorkerID($0) })])
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
        #expect(plan.decisions == [.wait(reason: reason.text)])
    }

    @Test func `a small job may pass a large one, but not for ever`() {
        let rooms = [room("w", "a", 2, free: 1)]
        let queue = [job("large", 2), job("small", 1)]
        let first = Scheduler.plan(rooms: rooms, queue: queue)
        #expect(first.decisions[1] == .place([WorkerID("w")]))
        #expect(first.passedOver == [1, 0])
        let patient = [job("large", 2, passedOver: Scheduler.passLimit), job("small", 1)]
        let last = Scheduler.plan(rooms: rooms, queue: patient)
        #expect(last.decisions[1] == .wait(reason: "waiting behind large, which has waited longer"))
    }

    @Test func `a job larger than the cluster holds back nobody`() {
        let queue = [job("huge", 9, passedOver: 99), job("small", 1)]
        let plan = Scheduler.plan(rooms: [room("w", "a", 2)], queue: queue)
        #expect(plan.decisions[1] == .place([WorkerID("w")]))
        #expect(plan.passedOver == [99, 0])
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
        #expect(plan.decisions.count == queue.count && plan.passedOver.count == queue.count)
        var free = Dictionary(uniqueKeysWithValues: rooms.map { ($0.worker, $0.freeSlots) })
        for (job, decision) in zip(queue, plan.decisions) {
            guard case .place(let gang) = decision else { continue }
            #expect(gang.count == job.slotCount)
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
            for (index, decision) in plan.decisions.enumerated() {
                guard case .place(let gang) = decision else {
                    queue[index].passedOver = plan.passedOver[index]
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

    private func room(_ name: String, _ address: String, _ slots: Int, free: Int? = nil) -> WorkerRoom {
        WorkerRoom(worker: WorkerID(name), address: address, slots: slots, freeSlots: free ?? slots)
    }

    private func job(_ name: String, _ slots: Int, passedOver: Int = 0) -> WaitingJob {
        WaitingJob(name: JobName(name), slotCount: slots, passedOver: passedOver)
    }
}
