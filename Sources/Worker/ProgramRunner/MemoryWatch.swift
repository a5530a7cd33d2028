import Processes

/// Looks now and then at the memory of a program.
struct MemoryWatch {
    let bytesMax: Int
    private var next = 0.0

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// - Returns: true when the processes below `ancestor` have more than they may.
    mutating func isExceeded(below ancestor: Int32, now: Double) -> Bool {
        guard now >= next else { return false }
        next = now + 0.3
        let members = ProcessTable.members(below: ancestor)
        guard members.reduce(0, { $0 + $1.residentBytes }) > bytesMax else { return false }
        // Processes that share memory count it each; what it really comes to takes longer to find out.
        let sum = members.reduce(0) { $0 + (ProcessTable.proportionalBytes($1.pid) ?? $1.residentBytes) }
        return sum > bytesMax
    }
}
