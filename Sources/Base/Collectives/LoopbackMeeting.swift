import Diagnostics
import Foundation

/// Where the ranks of a loopback world meet: one collective at a time.
///
/// Every rank lays down what it calls and with which memory. The last to come checks that all make the
/// same call, does the work for everybody, and lets all go.
///
/// `@unchecked Sendable`: every access to a mutable member holds `condition`. The memory that a
/// rank lays down is its own, and it waits until the work is done.
final class LoopbackMeeting: @unchecked Sendable {
    /// One rank's side of a collective call.
    struct Call {
        /// Name and sizes, in words: the same on all ranks.
        let words: String
        let memory: UnsafeMutableRawBufferPointer
        /// What the rank gives and gets when its memory is not reduced in place.
        var bytes: [[UInt8]] = []
        /// Whose bytes the rank wants in an exchange, and who is to get its own.
        var from = 0
        var to = 0
    }

    private let condition = NSCondition()
    private var calls: [Call?]
    private var results: [[[UInt8]]]
    private var arrived = 0
    private var round = 0
    private var gone = Set<Int>()
    private var failure: (any Error)?

    init(size: Int) {
        calls = Array(repeating: nil, count: size)
        results = Array(repeating: [], count: size)
    }

    /// Waits for all ranks; `work` of the last one runs over all calls, in order of rank.
    ///
    /// - Returns: the `bytes` of this rank's call after the work.
    func meet(_ rank: Int, _ call: Call, _ work: (inout [Call]) throws -> Void) throws -> [[UInt8]] {
        condition.lock()
        defer { condition.unlock() }
        try checkWorld(rank, call)
        calls[rank] = call
        arrived += 1
        if arrived == calls.count {
            try close(work)
        } else {
            let mine = round
            while round == mine {
                if failure != nil || !gone.isEmpty { break }
                condition.wait()
            }
            if round == mine { try checkWorld(rank, call) }
        }
        return results[rank]
    }

    private func close(_ work: (inout [Call]) throws -> Void) throws {
        var all = calls.compactMap { $0 }
        if let other = all.firstIndex(where: { $0.words != all[0].words }) {
            let error = LockstepError(
                .bug, "rank 0 calls \(all[0].words) while rank \(other) calls \(all[other].words)")
            fail(with: error)
            throw error
        }
        do {
            try work(&all)
        } catch {
            fail(with: error)
            throw error
        }
        results = all.map(\.bytes)
        calls = Array(repeating: nil, count: calls.count)
        arrived = 0
        round += 1
        condition.broadcast()
    }

    /// A call can only succeed while all ranks are in the world.
    private func checkWorld(_ rank: Int, _ call: Call) throws {
        if let failure {
            throw LockstepError(.network, "rank \(rank): the world ended in \(call.words)", cause: failure)
        }
        guard let leaver = gone.min() else { return }
        let error = LockstepError(
            .bug, "rank \(leaver) has left the world while rank \(rank) calls \(call.words)")
        fail(with: error)
        throw error
    }

    private func fail(with error: any Error) {
        if failure == nil { failure = error }
        condition.broadcast()
    }

    /// The rank makes no more calls. `error` ends the world for the others.
    func leave(_ rank: Int, with error: (any Error)?) {
        condition.withLock {
            gone.insert(rank)
            if let error { fail(with: error) }
            condition.broadcast()
        }
    }

    /// Returns when every rank has left, with the first failure.
    func waitForEnd() -> (any Error)? {
        condition.withLock {
            while gone.count < calls.count { condition.wait() }
            return failure
        }
    }
}
