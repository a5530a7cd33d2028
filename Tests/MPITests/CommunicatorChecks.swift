import Collectives
import Diagnostics
import Testing

/// The checks of LoopbackWorldTests, in the world at hand.
struct CommunicatorChecks {
    let world: any Communicator

    init(_ world: any Communicator) { self.world = world }

    func run() throws {
        try world.barrier()
        try broadcasts()
        try gathers()
        try reductions()
        try exchanges()
        try wrongRoots()
    }

    private func broadcasts() throws {
        for root in 0..<world.size {
            let text = try world.broadcast(bytes: Array("a text from rank \(world.rank)".utf8), root: root)
            #expect(String(decoding: text, as: UTF8.self) == "a text from rank \(root)")
        }
        #expect(try world.broadcast(bytes: [], root: 0) == [])
    }

    private func gathers() throws {
        // Short ones fit in one call, long ones go from rank to rank.
        for length in [1, 40] {
            let all = (0..<world.size).map { [UInt8](repeating: UInt8($0), count: $0 * length) }
            for root in 0..<world.size {
                let gathered = try world.gather(all[world.rank], root: root)
                #expect(gathered == (world.rank == root ? all : []))
            }
            #expect(try world.allGather(all[world.rank]) == all)
        }
    }

    private func reductions() throws {
        let size = Int64(world.size)
        let rank = Int64(world.rank)
        #expect(try world.maximum(rank) == size - 1)
        #expect(try world.total(rank) == size * (size - 1) / 2)
        var narrow = (0..<25).map { Int16($0 * (world.rank + 1)) }
        try narrow.withUnsafeMutableBufferPointer { try world.allReduce($0, .min) }
        #expect(narrow == (0..<25).map { Int16($0) })
        var words = (0..<25).map { Int32($0 * (world.rank + 1)) }
        try words.withUnsafeMutableBufferPointer { try world.allReduce($0, .sum) }
        #expect(words == (0..<25).map { Int32($0 * world.size * (world.size + 1) / 2) })
    }

    private func exchanges() throws {
        let previous = (world.rank + world.size - 1) % world.size
        for length in [0, 1, 30] {
            let sent = [UInt8](repeating: UInt8(world.rank), count: world.rank * length)
            var received = [UInt8](repeating: 99, count: previous * length)
            try sent.withUnsafeBytes { sent in
                try received.withUnsafeMutableBytes {
                    try world.exchange(sent, to: (world.rank + 1) % world.size, $0, from: previous)
                }
            }
            #expect(received == [UInt8](repeating: UInt8(previous), count: previous * length))
        }
    }

    private func wrongRoots() throws {
        let error = #expect(throws: LockstepError.self) {
            try world.broadcast(bytes: [1], root: world.size)
        }
        #expect(error?.description == "a world of \(world.size) ranks has no rank \(world.size)")
    }
}
