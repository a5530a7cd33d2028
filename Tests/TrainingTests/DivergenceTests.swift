import ClusterTypes
import Diagnostics
import Foundation
import Testing
import Training

/// A rank whose state is not that of the others.
@Suite struct DivergenceTests {
    private func run(_ folder: String, ranks: Int, fault: String) throws -> LockstepError? {
        let fault = try InjectedFault(fault)
        return #expect(throws: LockstepError.self) {
            try ToyJob(folder: folder).run(ranks: ranks) { rank in
                RankSetting(worker: "w\(rank)", hotStateFolder: "\(folder)/hot-\(rank)", fault: fault)
            }
        }
    }

    @Test(arguments: ["flip-state:2:4", "flip-state:w2:4"])
    func `the rank that differs is named with its worker`(_ fault: String) throws {
        try withTemporaryFolder { folder in
            let error = try run(folder, ranks: 3, fault: fault)
            #expect(error?.code == .diverged && error?.code.exitCode == RankExit.diverged)
            let message = error?.message ?? ""
            #expect(message.contains("after step 4 the state of rank 2 (host "), "\(message)")
            #expect(message.contains("worker w2"), "\(message)")
            #expect(!message.contains("w1"), "\(message)")
        }
    }

    @Test func `of two ranks nobody can say who is right`() throws {
        try withTemporaryFolder { folder in
            let message = try run(folder, ranks: 2, fault: "flip-state:1:3")?.message ?? ""
            #expect(message.contains("worker w0") && message.contains("worker w1"), "\(message)")
            #expect(message.contains("no majority"), "\(message)")
        }
    }

    @Test func `the job goes on without the liar from the step before`() throws {
        try withTemporaryFolder { folder in
            let calm = try ToyJob(folder: folder, name: "calm").modelHash()
            _ = try run(folder, ranks: 3, fault: "flip-state:2:4")
            let end = try ToyJob(folder: folder).run(ranks: 2) { rank in
                RankSetting(worker: "w\(rank)", hotStateFolder: "\(folder)/hot-\(rank)")
            }
            #expect(end.outcome == .completed(modelHash: calm))
            #expect(end.lines.contains { $0.contains("hot state of step 3") }, "\(end.lines)")
        }
    }

    @Test(arguments: ["", "flip-state", "flip-state:1", "burn:1:2", "hang:1:x", "hang::3", "kill:1:0"])
    func `a fault that makes no sense is refused`(_ text: String) {
        #expect(throws: LockstepError.self) { try InjectedFault(text) }
    }
}
