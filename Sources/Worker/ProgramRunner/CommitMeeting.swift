import Diagnostics
import Foundation
import Storage

/// How the hosts of a new attempt agree on the commit that all go on from.
///
/// (a) On each node the lowest rank takes what an earlier attempt left in shared memory to shared storage.
/// (b) When all have, each rank checks its share of the commits there; damaged ones are set aside.
/// (c) When all have, rank 0 chooses from the names that are left, and writes down its choice.
///
/// Marks in the attempt's folder say how far each rank is. A rank that is waited for in vain costs what only
/// its node held, never agreement: the choice is one file.
struct CommitMeeting {
    let attempt: Int
    let rank: Int
    /// Worker of each rank.
    let workers: [String]
    /// The attempt's folder, for marks.
    let attemptFolder: String
    let store: CommitStore
    /// Longest wait in each of (a), (b) and (c).
    var patienceSeconds: Double
    let warn: @Sendable (String) -> Void
    /// Whether nobody wants to know any more.
    let isOver: @Sendable () -> Bool

    private struct Decision: Codable { var choice: CommitElection.Choice? }

    private var folder: String { attemptFolder + "/commits" }

    /// - Returns: `nil` when no earlier attempt has left a commit of all ranks.
    /// - Throws: `.io` when the choice does not come.
    func hold() throws -> CommitElection.Choice? {
        try FileSystem.createFolder(folder)
        if workers.firstIndex(of: workers[rank]) == rank { moveFromMemory() }
        try mark("moved")
        waitForAll("moved", "has not said what its node's memory held, and what was there may be missing")
        try checkShare()
        try mark("checked")
        if rank == 0 {
            waitForAll("checked", "has not said whether its commits are whole")
            let names = try CommitStore.names(in: store.folder)
            let decision = Decision(choice: CommitElection.newest(of: names, before: attempt))
            try AtomicFile.write([UInt8](JSONEncoder().encode(decision)), to: folder + "/choice.json")
            return decision.choice
        }
        let deadline = Date(timeIntervalSinceNow: 3 * patienceSeconds)
        while try FileSystem.kind(of: folder + "/choice.json") == nil {
            guard Date() < deadline, !isOver() else {
                throw LockstepError(
                    .io, "rank 0 has not chosen a commit to go on from within \(Int(3 * patienceSeconds)) s")
            }
            Thread.sleep(forTimeInterval: Self.pollSeconds)
        }
        let bytes = try AtomicFile.read(folder + "/choice.json")
        return try JSONDecoder().decode(Decision.self, from: Data(bytes)).choice
    }

    private static let pollSeconds = 0.02

    private func mark(_ word: String) throws {
        try AtomicFile.write([], to: "\(folder)/\(word)-\(rank)")
    }

    private func waitForAll(_ word: String, _ consequence: String) {
        let deadline = Date(timeIntervalSinceNow: patienceSeconds)
        var missing = Set(workers.indices)
        while true {
            missing = missing.filter { rank in
                // A folder that cannot be read now is looked at again until time is up.
                (try? FileSystem.kind(of: "\(folder)/\(word)-\(rank)")) == nil
            }
            if missing.isEmpty || isOver() { return }
            if Date() >= deadline { break }
            Thread.sleep(forTimeInterval: Self.pollSeconds)
        }
        for rank in missing.sorted() {
            warn("rank \(rank) on \(workers[rank]) \(consequence) (waited \(Int(patienceSeconds)) s)")
        }
    }

    private func moveFromMemory() {
        guard let memory = store.memory else { return }
        do {
            for name in try CommitStore.names(in: memory) where name.attempt < attempt {
                let path = memory + "/" + name.fileName
                do {
                    if try FileSystem.kind(of: store.folder + "/" + name.fileName) == nil {
                        try FileSystem.createFolder(store.folder)
                        try CommitFile.copy(name, from: memory, to: store.folder)
                    }
                    try FileSystem.remove(path)
                } catch let error as LockstepError where error.code == .damaged {
                    try setAside(path, error)
                }
            }
            for file in try FileSystem.names(in: memory)
            where file.hasPrefix("program-commit-") && file.hasSuffix(".writing") {
                try FileSystem.remove(memory + "/" + file)
            }
        } catch {
            warn("commits of an earlier attempt stay in this node's memory: \(error)")
        }
    }

    private func checkShare() throws {
        for name in try CommitStore.names(in: store.folder)
        where name.attempt < attempt && name.rank % workers.count == rank {
            do {
                try CommitFile.read(name, in: store.folder)
            } catch let error as LockstepError where error.code == .damaged {
                try setAside(store.folder + "/" + name.fileName, error)
            }
        }
    }

    private func setAside(_ path: String, _ error: LockstepError) throws {
        warn("\(error); it is set aside as \(path).damaged")
        try FileSystem.rename(path, to: path + ".damaged")
    }
}
