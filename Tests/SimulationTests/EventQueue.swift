/// What is going to happen, by virtual time; what was entered first goes first among equals.
struct EventQueue<Action> {
    private struct Entry {
        var time: Double
        var sequence: Int
        /// Where the action lies; the heap moves numbers only.
        var slot: Int
        func comes(before other: Entry) -> Bool {
            time != other.time ? time < other.time : sequence < other.sequence
        }
    }
    private var heap: [Entry] = []
    private var actions: [Action?] = []
    private var unused: [Int] = []
    private var sequence = 0

    mutating func add(_ action: Action, at time: Double) {
        let slot: Int
        if let old = unused.popLast() {
            slot = old
            actions[slot] = action
        } else {
            slot = actions.count
            actions.append(action)
        }
        heap.append(Entry(time: time, sequence: sequence, slot: slot))
        sequence += 1
        var index = heap.count - 1
        while index > 0, heap[index].comes(before: heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func next() -> (time: Double, action: Action)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        unused.append(first.slot)
        guard let action = actions[first.slot] else { return nil }
        actions[first.slot] = nil
        return (first.time, action)
    }

    private mutating func sink() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].comes(before: heap[least]) { least = child }
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
