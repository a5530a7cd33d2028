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

/// The cluster's slots, by node.
///
/// It follows the cluster change by change, so that a plan costs what it places and not what there is.
package struct Rooms: Sendable {
    private var rooms: [WorkerRoom?] = []
    private var indices: [WorkerID: Int] = [:]
    /// Nodes for each kind of worker, those with the most free slots first.
    private var nodes: [WorkerKind: NodeQueue] = [:]
    private(set) var free = Counts()
    private(set) var total = Counts()
    /// Workers of which a plan has taken slots; to be entered again as they then are.
    package private(set) var touched: Set<WorkerID> = []

    /// Slots by kind of worker.
    struct Counts: Sendable {
        var onDemand = 0
        var spot = 0
        var keeper = 0

        subscript(kind: WorkerKind) -> Int {
            get {
                switch kind {
                case .onDemand: onDemand
                case .spot: spot
                case .keeper: keeper
                }
            }
            set {
                switch kind {
                case .onDemand: onDemand = newValue
                case .spot: spot = newValue
                case .keeper: keeper = newValue
                }
            }
        }
    }

    package init() {}

    package init(_ rooms: [WorkerRoom]) {
        for room in rooms { set(room) }
    }

    /// Enters a worker, or what has changed of it.
    package mutating func set(_ room: WorkerRoom) {
        let index: Int
        if let known = indices[room.worker] {
            index = known
            if rooms[index] == room { return }
            remove(room.worker)
        } else {
            index = rooms.count
            indices[room.worker] = index
            rooms.append(nil)
        }
        rooms[index] = room
        free[room.kind] += room.freeSlots
        total[room.kind] += room.slots
        nodes[room.kind, default: NodeQueue()].add(index, at: room.address, freeSlots: room.freeSlots)
    }

    /// Forgets what plans have touched, and answers it.
    package mutating func takeTouched() -> Set<WorkerID> {
        defer { touched.removeAll(keepingCapacity: true) }
        return touched
    }

    /// Strikes a worker that is not to be used now.
    package mutating func remove(_ worker: WorkerID) {
        guard let index = indices[worker], let room = rooms[index] else { return }
        rooms[index] = nil
        free[room.kind] -= room.freeSlots
        total[room.kind] -= room.slots
        nodes[room.kind]?.remove(index, at: room.address, freeSlots: room.freeSlots)
    }

    /// Kinds of workers that will do, the preferred one first.
    static func kinds(usesSpot: Bool) -> [WorkerKind] { usesSpot ? [.spot, .onDemand] : [.onDemand] }

    func freeSlots(usesSpot: Bool) -> Int { free.onDemand + (usesSpot ? free.spot : 0) }

    func allSlots(usesSpot: Bool) -> Int { total.onDemand + (usesSpot ? total.spot : 0) }

    /// Takes slots one by one from the node, then the worker, with the most free slots, so that a gang
    /// spreads over the nodes; ties go by name. Ranks of a node are neighbours in the result.
    mutating func take(_ count: Int, usesSpot: Bool) -> [WorkerID] {
        var taken: [Int: Int] = [:]
        var rest = count
        for kind in Self.kinds(usesSpot: usesSpot) {
            while rest > 0, let index = takeSlot(kind) {
                taken[index, default: 0] += 1
                rest -= 1
            }
        }
        precondition(rest == 0, "a gang was placed on slots that are not free")
        return gang(taken)
    }

    /// A place for a state keeper, if there is one.
    mutating func takeKeeper() -> WorkerID? { takeSlot(.keeper).flatMap { rooms[$0]?.worker } }

    /// Whether all of a gang's workers are spot workers.
    func areSpot(_ gang: [WorkerID]) -> Bool {
        gang.allSatisfy { id in indices[id].flatMap { rooms[$0] }?.kind == .spot }
    }

    private mutating func takeSlot(_ kind: WorkerKind) -> Int? {
        guard let members = nodes[kind]?.best else { return nil }
        var best: Int?
        for index in members {
            guard let room = rooms[index], room.freeSlots > 0 else { continue }
            guard let other = best.flatMap({ rooms[$0] }) else {
                best = index
                continue
            }
            let isBetter =
                room.freeSlots != other.freeSlots
                ? room.freeSlots > other.freeSlots : room.worker < other.worker
            if isBetter { best = index }
        }
        guard let best else { return nil }
        nodes[kind]?.takeSlotOfBest()
        rooms[best]?.freeSlots -= 1
        if let worker = rooms[best]?.worker { touched.insert(worker) }
        free[kind] -= 1
        return best
    }

    private func gang(_ taken: [Int: Int]) -> [WorkerID] {
        taken.compactMap { index, count in rooms[index].map { ($0, count) } }
            .sorted { ($0.0.address, $0.0.worker.rawValue) < ($1.0.address, $1.0.worker.rawValue) }
            .flatMap { Array(repeating: $0.0.worker, count: $0.1) }
    }
}
