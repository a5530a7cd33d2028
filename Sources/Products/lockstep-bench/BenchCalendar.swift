/// What happens when in a run under a virtual clock; what was entered first goes first among equals.
struct BenchCalendar<Item> {
    private struct Entry {
        var time: Double
        var sequence: Int
        func comes(before other: Entry) -> Bool {
            time != other.time ? time < other.time : sequence < other.sequence
        }
    }
    private var heap: [Entry] = []
    private var items: [Int: Item] = [:]
    private var sequence = 0

    mutating func add(_ item: Item, at time: Double) {
        items[sequence] = item
        heap.append(Entry(time: time, sequence: sequence))
        sequence += 1
        var index = heap.count - 1
        while index > 0, heap[index].comes(before: heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func next() -> (time: Double, item: Item)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return items.removeValue(forKey: first.sequence).map { (first.time, $0) }
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
