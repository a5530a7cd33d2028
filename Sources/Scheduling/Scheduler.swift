package import ClusterTypes

/// Room that a worker has right now.
package struct WorkerRoom: Sendable, Equatable {
    package var worker: WorkerID
    /// Workers with equal addresses share a node.
    package var address: String
    package var slots: Int
    package var freeSlots: Int
    package init(worker: WorkerID, address: String, slots: Int, freeSlots: Int) {
        self.worker = worker
        self.address = address
        self.slots = slots
        self.freeSlots = freeSlots
    }
}

/// A job that waits for its gang.
package struct WaitingJob: Sendable, Equatable {
    package var name: JobName
    package var slotCount: Int
    /// How many gangs of later jobs have started while this one waited.
    package var passedOver: Int
    package init(name: JobName, slotCount: Int, passedOver: Int) {
        self.name = name
        self.slotCount = slotCount
        self.passedOver = passedOver
    }
}

/// What the scheduler decided about one waiting job.
package enum Decision: Sendable, Equatable {
    /// Start a gang; one worker for every rank, ranks of a node next to each other.
    case place([WorkerID])
    /// Wait, for this reason in words.
    case wait(reason: String)
}

/// Which waiting job gets which slots: first come, first served, all ranks of a gang or none.
///
/// A job that does not fit lets later, smaller jobs pass, but only `passLimit` gangs in all: after
/// that nobody behind it starts until it has started. A job that wants more than the whole cluster
/// holds back nobody, because only another worker can help it. A pure function: no clock, no
/// randomness, the same answer for the same arguments.
package enum Scheduler {
    /// Gangs that may overtake a waiting job.
    package static let passLimit = 16

    /// One decision for every job of the queue, in its order.
    package struct Plan: Sendable, Equatable {
        package var decisions: [Decision]
        /// The jobs' new `passedOver`.
        package var passedOver: [Int]
    }

    /// Decides about every job of `queue`, oldest first.
    package static func plan(rooms: [WorkerRoom], queue: [WaitingJob]) -> Plan {
        var free = rooms
        let total = rooms.reduce(0) { $0 + $1.slots }
        var overtaken = queue.map(\.passedOver)
        var waiting: [Int] = []
        var decisions: [Decision] = []
        for (index, job) in queue.enumerated() {
            let freeSlots = free.reduce(0) { $0 + $1.freeSlots }
            if job.slotCount > total {
                decisions.append(.wait(reason: tooLarge(job, total)))
            } else if let blocker = waiting.first(where: { overtaken[$0] >= passLimit }) {
                decisions.append(
                    .wait(reason: "waiting behind \(queue[blocker].name), which has waited longer"))
                waiting.append(index)
            } else if job.slotCount <= freeSlots {
                decisions.append(.place(take(job.slotCount, from: &free)))
                for earlier in waiting { overtaken[earlier] += 1 }
            } else {
                decisions.append(.wait(reason: tooFew(job, freeSlots, total)))
                waiting.append(index)
            }
        }
        return Plan(decisions: decisions, passedOver: overtaken)
    }

    /// Takes slots one by one from the node, then the worker, with the most free slots, so that a gang
    /// spreads over the nodes; ties go by name.
    private static func take(_ count: Int, from rooms: inout [WorkerRoom]) -> [WorkerID] {
        var taken: [WorkerID: Int] = [:]
        for _ in 0..<count {
            var freeByAddress: [String: Int] = [:]
            for room in rooms { freeByAddress[room.address, default: 0] += room.freeSlots }
            let best = rooms.indices.filter { rooms[$0].freeSlots > 0 }.min { a, b in
                let (first, second) = (rooms[a], rooms[b])
                let (nodeA, nodeB) = (freeByAddress[first.address] ?? 0, freeByAddress[second.address] ?? 0)
                if nodeA != nodeB { return nodeA > nodeB }
                if first.freeSlots != second.freeSlots { return first.freeSlots > second.freeSlots }
                if first.address != second.address { return first.address < second.address }
                return first.worker < second.worker
            }
            guard let best else { preconditionFailure("a gang was placed on slots that are not free") }
            rooms[best].freeSlots -= 1
            taken[rooms[best].worker, default: 0] += 1
        }
        let gang = rooms.filter { taken[$0.worker] != nil }
            .sorted { ($0.address, $0.worker.rawValue) < ($1.address, $1.worker.rawValue) }
        return gang.flatMap { Array(repeating: $0.worker, count: taken[$0.worker] ?? 0) }
    }

    private static func tooLarge(_ job: WaitingJob, _ total: Int) -> String {
        total == 0
            ? "wants \(slots(job.slotCount)), the cluster has no worker yet"
            : "wants \(slots(job.slotCount)), the cluster has \(total)"
    }

    private static func tooFew(_ job: WaitingJob, _ free: Int, _ total: Int) -> String {
        "waiting for \(slots(job.slotCount)), \(free) \(free == 1 ? "is" : "are") free of \(total)"
    }

    private static func slots(_ count: Int) -> String { count == 1 ? "1 slot" : "\(count) slots" }
}
