/// A set of small numbers, kept in order.
struct OrdinalSet: Sendable {
    private(set) var values: [Int] = []

    mutating func insert(_ value: Int) {
        let index = position(value)
        if index == values.count || values[index] != value { values.insert(value, at: index) }
    }

    mutating func remove(_ value: Int) {
        let index = position(value)
        if index < values.count, values[index] == value { values.remove(at: index) }
    }

    /// Index of the first element that is not smaller.
    private func position(_ value: Int) -> Int {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
