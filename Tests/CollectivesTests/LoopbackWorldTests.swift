import Collectives
import Diagnostics
import Testing

@Suite struct LoopbackWorldTests {
    @Test("Collectives give every rank what MPI would", arguments: [1, 2, 3, 5])
    func collectives(_ size: Int) throws {
        let sums = try LoopbackWorld.run(size: size) { world in
            #expect(world.size == size)
            try world.barrier()
            let text = try world.broadcast(bytes: Array("from \(world.rank)".utf8), root: size - 1)
            #expect(String(decoding: text, as: UTF8.self) == "from \(size - 1)")

            let mine = [UInt8](repeating: UInt8(world.rank), count: world.rank)
            let all = (0..<size).map { [UInt8](repeating: UInt8($0), count: $0) }
            #expect(try world.gather(mine, root: 0) == (world.rank == 0 ? all : []))
            #expect(try world.allGather(mine) == all)
            #expect(try world.maximum(Int64(-world.rank)) == 0)

            var values: [Int16] = [Int16(world.rank), 5]
            try values.withUnsafeMutableBufferPointer { try world.allReduce($0, .min) }
            #expect(values == [0, 5])
            var wide: [Int32] = [Int32(world.rank), 1]
            try wide.withUnsafeMutableBufferPointer { try world.allReduce($0, .sum) }
            return wide
        }
        let expected = [Int32(size * (size - 1) / 2), Int32(size)]
        #expect(sums == Array(repeating: expected, count: size))
    }

    @Test("An exchange passes bytes round the ring", arguments: [1, 2, 3, 5])
    func exchange(_ size: Int) throws {
        let received = try LoopbackWorld.run(size: size) { world in
            let previous = (world.rank + size - 1) % size
            let sent = [UInt8](repeating: UInt8(world.rank), count: world.rank)
            var received = [UInt8](repeating: 99, count: previous)
            try sent.withUnsafeBytes { sent in
                try received.withUnsafeMutableBytes {
                    try world.exchange(sent, to: (world.rank + 1) % size, $0, from: previous)
                }
            }
            return received
        }
        let expected = (0..<size).map {
            [UInt8](repeating: UInt8(($0 + size - 1) % size), count: ($0 + size - 1) % size)
        }
        #expect(received == expected)
    }

    @Test("The first error of a rank ends the world and is the one thrown")
    func firstErrorWins() {
        let error = #expect(throws: LockstepError.self) {
            try LoopbackWorld.run(size: 3) { world in
                try world.barrier()
                if world.rank == 1 { throw LockstepError(.data, "line 3 is bad") }
                try world.barrier()
            }
        }
        #expect(error?.description == "line 3 is bad")
    }

    @Test("The released ranks learn why")
    func releasedRanksLearnWhy() {
        let error = #expect(throws: LockstepError.self) {
            try LoopbackWorld.run(size: 2) { world in
                if world.rank == 1 { throw LockstepError(.data, "line 3 is bad") }
                do {
                    try world.barrier()
                    Issue.record("the barrier let rank 0 pass")
                } catch {
                    #expect("\(error)" == "rank 0: the world ended in barrier(): line 3 is bad")
                }
            }
        }
        #expect(error?.code == .data)
    }

    @Test("An abort ends the world, not the process")
    func abortEndsTheWorld() {
        let error = #expect(throws: LockstepError.self) {
            try LoopbackWorld.run(size: 3) { world in
                if world.rank == 2 { world.abort(code: 65) }
                try world.barrier()
            }
        }
        #expect(error?.description == "rank 2 aborted the world with exit status 65")
    }

    @Test("A rank that returns while others wait is named")
    func earlyReturn() {
        let error = #expect(throws: LockstepError.self) {
            try LoopbackWorld.run(size: 2) { world in if world.rank == 0 { try world.barrier() } }
        }
        #expect(error?.description == "rank 1 has left the world while rank 0 calls barrier()")
    }

    @Test("Ranks that make different calls are told which")
    func differentCalls() {
        let error = #expect(throws: LockstepError.self) {
            try LoopbackWorld.run(size: 2) { world in
                var values = [Int64](repeating: 1, count: world.rank + 1)
                try values.withUnsafeMutableBufferPointer { try world.allReduce($0, .max) }
            }
        }
        #expect(
            error?.description
                == "rank 0 calls allReduce(1 × Int64, .max) while rank 1 calls allReduce(2 × Int64, .max)")
    }
}
