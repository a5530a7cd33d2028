package import ClusterTypes

/// Room that a worker has right now.
package struct WorkerRoom: Sendable, Equatable {
    package var worker: WorkerID
    /// Workers with equal addresses share a node.
    package var address: String
    package var kind: WorkerKind
    package var slots: Int
    package var freeSlots: Int
    package init(
        worker: WorkerID, address: String, kind: WorkerKind = .onDemand, slots: Int, freeSlots: Int
    ) {
        self.worker = worker
        self.address = address
        self.kind = kind
        self.slots = slots
        self.freeSlots = freeSlots
    }
}

/// The cluster's slots while a plan is made.
struct Rooms {
    private var rooms: [WorkerRoom]
    /// Nodes by their free slots, for each kind of worker.
    private var nodes: [WorkerKind: NodeHeap] = [:]
    private(set) var free: [WorkerKind: Int] = [:]
    private(set) var total: [WorkerKind: Int] = [:]

    init(_ rooms: [WorkerRoom]) {
        self.rooms = rooms
        for kind in WorkerKind.allCases {
            var byAddress: [String: NodeHeap.Node] = [:]
            for (index, room) in rooms.enumerated() where room.kind == kind {
                free[kind, default: 0] += room.freeSlots
                total[kind, default: 0] += room.slots
                byAddress[room.address, default: NodeHeap.Node(address: room.address)]
                    .add(index, freeSlots: room.freeSlots)
            }
            nodes[kind] = NodeHeap(Array(byAddress.values))
        }
    }

    /// Kinds of workers that will do, the preferred one first.
    static func kinds(usesSpot: Bool) -> [WorkerKind] { usesSpot ? [.spot, .onDemand] : [.onDemand] }

    func freeSlots(usesSpot: Bool) -> Int {
        Self.kinds(usesSpot: usesSpot).reduce(0) { $0 + (free[$1] ?? 0) }
    }

    func allSlots(usesSpot: Bool) -> Int {
        Self.kinds(usesSpot: usesSpot).reduce(0) { $0 + (total[$1] ?? 0) }
    }

    /// Takes slots one by one from the node, then the worker, with the most free slots, so that a gang
    /// spreads over the nodes; ties go by name. Ranks of a node are neighbours in the result.
    mutating func take(_ count: Int, usesSpot: Bool) -> [WorkerID] {
        var taken: [Int: Int] = [:]
        var rest = count
        for kind in Self.kinds(usesSpot: usesSpot) {
            while rest > 0, let index = nodes[kind]?.takeSlot(rooms) {
                rooms[index].freeSlots -= 1
                free[kind, default: 0] -= 1
                taken[index, default: 0] += 1
                rest -= 1
            }
        }
        precondition(rest == 0, "a gang was placed on slots that are not free")
        return Self.gang(taken, rooms)
    }

    /// A place for a state keeper, if there is one.
    mutating func takeKeeper() -> WorkerID? {
        guard let index = nodes[.keeper]?.takeSlot(rooms) else { return nil }
        rooms[index].freeSlots -= 1
        free[.keeper, default: 0] -= 1
        return rooms[index].worker
    }

    /// Whether all of a gang's workers are spot workers.
    func areSpot(_ gang: [WorkerID]) -> Bool {
        let workers = Set(gang)
        return rooms.allSatisfy { !workers.contains($0.worker) || $0.kind == .spot }
    }

    private static func gang(_ taken: [Int: Int], _ rooms: [WorkerRoom]) -> [WorkerID] {
        taken.keys.sorted { a, b in
            (rooms[a].address, rooms[a].worker.rawValue) < (rooms[b].address, rooms[b].worker.rawValue)
        }.flatMap { Array(repeating: rooms[$0].worker, count: taken[$0] ?? 0) }
    }
}

/// Nodes of one kind of worker, the one with the most free slots on top.
private struct NodeHeap {
    struct Node {
        let address: String
        /// Indices of its workers' rooms.
        var rooms: [Int] = []
        var freeSlots = 0

        init(address: String) { self.address = address }

        mutating func add(_ index: Int, freeSlots: Int) {
            rooms.append(index)
            self.freeSlots += freeSlots
        }

        func comes(before other: Node) -> Bool {
            freeSlots != other.freeSlots ? freeSlots > other.freeSlots : address < other.address
        }
    }

    private var nodes: [Node]

    init(_ nodes: [Node]) {
        // A sorted array is a heap.
        self.nodes = nodes.sorted { $0.comes(before: $1) }
    }

    /// Takes a slot of the top node: the room of its worker with the most free slots.
    mutating func takeSlot(_ rooms: [WorkerRoom]) -> Int? {
        guard let top = nodes.first, top.freeSlots > 0 else { return nil }
        let best = top.rooms.filter { rooms[$0].freeSlots > 0 }.min { a, b in
            rooms[a].freeSlots != rooms[b].freeSlots
                ? rooms[a].freeSlots > rooms[b].freeSlots : rooms[a].worker < rooms[b].worker
        }
        nodes[0].freeSlots -= 1
        sink()
        return best
    }

    private mutating func sink() {
        var index = 0
        while true {
            var first = index
            for child in [2 * index + 1, 2 * index + 2] where child < nodes.count {
                if nodes[child].comes(before: nodes[first]) { first = child }
            }
            if first == index { return }
            nodes.swapAt(index, first)
            index = first
        }
    }
}
