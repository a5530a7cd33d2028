/// Nodes of one kind of worker, the one with the most free slots first, equals by address.
struct NodeQueue: Sendable {
    private struct Node {
        let address: String
        /// Indices of its workers' rooms.
        var rooms: [Int] = []
        var freeSlots = 0
    }

    private var nodes: [Node] = []
    private var indices: [String: Int] = [:]
    /// Nodes by number of free slots; in each list the first address comes last, where taking is cheap.
    private var byFreeSlots: [[Int]] = []

    /// Rooms of the first node; `nil` when no slot is free.
    var best: [Int]? {
        guard byFreeSlots.count > 1, let node = byFreeSlots.last?.last else { return nil }
        return nodes[node].rooms
    }

    mutating func add(_ room: Int, at address: String, freeSlots: Int) {
        let node: Int
        if let known = indices[address] {
            node = known
            strike(node)
        } else {
            node = nodes.count
            indices[address] = node
            nodes.append(Node(address: address))
        }
        nodes[node].rooms.append(room)
        nodes[node].freeSlots += freeSlots
        enter(node)
    }

    mutating func remove(_ room: Int, at address: String, freeSlots: Int) {
        guard let node = indices[address] else { return }
        strike(node)
        nodes[node].rooms.removeAll { $0 == room }
        nodes[node].freeSlots -= freeSlots
        enter(node)
    }

    mutating func takeSlotOfBest() {
        guard byFreeSlots.count > 1, let node = byFreeSlots.last?.last else { return }
        strike(node)
        nodes[node].freeSlots -= 1
        enter(node)
    }

    private mutating func enter(_ node: Int) {
        let slots = nodes[node].freeSlots
        while byFreeSlots.count <= slots { byFreeSlots.append([]) }
        let position = position(of: nodes[node].address, in: slots)
        byFreeSlots[slots].insert(node, at: position)
    }

    private mutating func strike(_ node: Int) {
        let slots = nodes[node].freeSlots
        byFreeSlots[slots].remove(at: position(of: nodes[node].address, in: slots))
        // The last list is that of the best nodes, so it is not empty.
        while byFreeSlots.last?.isEmpty ?? false { byFreeSlots.removeLast() }
    }

    /// Where an address stands, or would stand, in its list.
    private func position(of address: String, in slots: Int) -> Int {
        let list = byFreeSlots[slots]
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[list[middle]].address > address { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
