import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing
import Training

/// What lies in a node's shared memory, and what is believed of it.
@Suite struct HotStateStoreTests {
    private let identity = JobIdentity(["algorithm": "toy"])

    /// The state after `step` steps of a made-up job, and the commits up to it.
    private func checkpoint(_ step: Int, values: Int = 40) -> Checkpoint {
        let state = NamedTensors([
            ("weights", Tensor((0..<values).map { Float($0 * step) }, shape: [values])),
            ("step", Tensor([Int64(step)], shape: [1])), ("none", Tensor([Float](), shape: [0, 3])),
        ])
        let commit = CommitRecord(step: step, samples: step * 10, stateHash: state.stateHash, world: 2)
        return Checkpoint(commit: commit, digest: tail(step - 1).digest(after: commit), state: state)
    }

    private func record(_ step: Int) -> CommitRecord {
        CommitRecord(step: step, samples: step * 10, stateHash: UInt64(step * 7919), world: 2)
    }

    private func tail(_ last: Int) -> CommitTail {
        (0..<max(0, last + 1)).reduce(into: CommitTail()) { $0.append(record($1)) }
    }

    @Test func `the newest state comes back as it was`() throws {
        try withTemporaryFolder { folder in
            do {
                let store = try HotStateStore(folder: folder, identity: identity)
                #expect(store.newest() == nil && store.tail() == nil)
                try store.adopt(checkpoint(3), tail: tail(3))
                #expect(store.newest() == checkpoint(3))
                for step in 4...6 {
                    try store.append(record(step))
                    try store.write(checkpoint(step))
                }
                // A larger state than the buffers had room for.
                try store.append(record(7))
                try store.write(checkpoint(7, values: 5000))
                #expect(store.byteCount > 2 * 4096 + 20_000)
            }
            let store = try HotStateStore(folder: folder, identity: identity)
            #expect(store.newest() == checkpoint(7, values: 5000))
            #expect(store.tail() == tail(7))
            #expect(HotStateStore.newestStep(in: folder) == 7)
            #expect(HotStateStore.newestStep(in: folder + "/absent") == nil)
        }
    }

    @Test func `a writer that dies before the flag leaves the older state`() throws {
        try withTemporaryFolder { folder in
            do {
                let store = try HotStateStore(folder: folder, identity: identity)
                try store.adopt(checkpoint(1), tail: tail(1))
                try store.write(checkpoint(2))
                try store.writeTorn(checkpoint(3))
            }
            let store = try HotStateStore(folder: folder, identity: identity)
            #expect(store.newest() == checkpoint(2))
        }
    }

    @Test func `damage anywhere in the newer buffer leaves the older state`() throws {
        try withTemporaryFolder { folder in
            do {
                let store = try HotStateStore(folder: folder, identity: identity)
                try store.adopt(checkpoint(1), tail: tail(1))
                try store.write(checkpoint(2))
            }
            let newer = try #require(
                ["a", "b"].map { folder + "/" + $0 }.first {
                    FileManager.default.contents(atPath: $0)?[24] == 2
                })
            let good = try #require(FileManager.default.contents(atPath: newer))
            // The header, the table, and the tensors with no gap between them.
            for offset in Array(0..<144) + Array(4096..<4096 + 200) {
                var bytes = good
                bytes[offset] ^= 0x10
                try bytes.write(to: URL(fileURLWithPath: newer))
                let found = try HotStateStore(folder: folder, identity: identity).newest()
                let isPadding = found == checkpoint(2) && offset > 4096
                #expect(found == checkpoint(1) || isPadding, "byte \(offset)")
            }
            for length in [0, 8, 143, 4095, 4096, 4100, 4096 + 192, 4096 + 350] {
                try good.prefix(length).write(to: URL(fileURLWithPath: newer))
                let found = try HotStateStore(folder: folder, identity: identity).newest()
                #expect(found == checkpoint(1), "\(length) bytes")
            }
        }
    }

    @Test func `a flipped bit of any tensor is found`() throws {
        try withTemporaryFolder { folder in
            do {
                let store = try HotStateStore(folder: folder, identity: identity)
                try store.adopt(checkpoint(9), tail: tail(9))
            }
            var flipped = 0
            for name in ["a", "b"] {
                let path = folder + "/" + name
                var bytes = try #require(FileManager.default.contents(atPath: path))
                // Only one of the two holds the step.
                guard let place = bytes.range(of: Data(Tensor([Float(9 * 39)], shape: [1]).bytes)) else {
                    continue
                }
                flipped += 1
                bytes[place.lowerBound] ^= 1
                try bytes.write(to: URL(fileURLWithPath: path))
            }
            #expect(flipped > 0)
            #expect(try HotStateStore(folder: folder, identity: identity).newest() == nil)
        }
    }

    @Test func `another job's state is not seen`() throws {
        try withTemporaryFolder { folder in
            do {
                let store = try HotStateStore(folder: folder, identity: identity)
                try store.adopt(checkpoint(1), tail: tail(1))
            }
            let other = JobIdentity(["algorithm": "toy", "seed": "2"])
            #expect(try HotStateStore(folder: folder, identity: other).newest() == nil)
        }
    }

    @Test func `one process writes at a time`() throws {
        try withTemporaryFolder { folder in
            let store = try HotStateStore(folder: folder, identity: identity)
            let error = #expect(throws: LockstepError.self) {
                try HotStateStore(folder: folder, identity: identity)
            }
            #expect(error?.code == .conflict)
            withExtendedLifetime(store) {}
        }
    }

    @Test func `commits are trimmed, and a cut one is passed over`() throws {
        try withTemporaryFolder { folder in
            do {
                let store = try HotStateStore(folder: folder, identity: identity, slack: 4)
                try store.adopt(checkpoint(0), tail: tail(0))
                for step in 1...9 { try store.append(record(step)) }
                try store.trim(through: 2)
                #expect(store.tail() == tail(9))
                try store.trim(through: 5)
                #expect(store.tail() == tail(9).after(5))
                try store.append(record(10))
                #expect(store.tail() == tail(10).after(5))
            }
            let path = folder + "/commits"
            let bytes = try #require(FileManager.default.contents(atPath: path))
            try bytes.dropLast(5).write(to: URL(fileURLWithPath: path))
            let store = try HotStateStore(folder: folder, identity: identity)
            #expect(store.tail() == tail(9).after(5))
        }
    }

    @Test func `a large state is written beside training, and held in order`() throws {
        try withTemporaryFolder { folder in
            let store = try HotStateStore(folder: folder, identity: identity)
            let holder = try HotStateHolder(
                store, adopting: checkpoint(0), tail: tail(0), interval: 1, synchronousLimit: 100)
            for step in 1...20 {
                let next = checkpoint(step, values: 30_000)
                holder.commit(next.commit, next.state)
                #expect(!holder.holdsAtOnce)
                holder.waitUntilIdle()
                #expect(holder.heldStep == step)
            }
            #expect(store.newest()?.state == checkpoint(20, values: 30_000).state)
        }
    }

    @Test func `not every step where the interval is longer`() throws {
        try withTemporaryFolder { folder in
            let store = try HotStateStore(folder: folder, identity: identity)
            let holder = try HotStateHolder(store, adopting: checkpoint(0), tail: tail(0), interval: 3)
            for step in 1...7 {
                holder.commit(checkpoint(step).commit, checkpoint(step).state)
                #expect(holder.heldStep == step / 3 * 3)
            }
            holder.settle()
            #expect(holder.heldStep == 7 && store.newest()?.commit.step == 7)
            #expect(store.tail()?.knownSteps == -1...7)
        }
    }
}

extension CommitTail {
    /// Digest of these commits and one more.
    func digest(after record: CommitRecord) -> ChainDigest {
        var digest = digest(upTo: knownSteps.upperBound) ?? digestBefore
        digest.advance(by: record)
        return digest
    }
}
