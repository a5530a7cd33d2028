import ProgramContract
import Testing
import WorkerService

/// When a supervisor has to believe that its worker's lease is over.
@Suite struct LeaseFileTests {
    private func with(_ body: (LeaseFile, () -> Double) throws -> Void) async throws {
        try await withScratchFolder { folder in
            let start = LeaseFile.now()
            let file = try LeaseFile(folder + "/lease")
            try body(file) { (LeaseClock(folder + "/lease")?.time ?? .nan) - start }
        }
    }

    @Test func `without a connection the daemon renews it by itself`() async throws {
        try await with { file, time in
            let start = LeaseFile.now()
            file.renew(at: start + 10)
            #expect(abs(time() - 10) < 1)
        }
    }

    @Test func `on a connection only heartbeats that come back renew it, to when they were sent`()
        async throws
    {
        try await with { file, time in
            let start = LeaseFile.now()
            file.connected(at: start + 20)
            file.renew(at: start + 30)
            file.sent(1, at: start + 40)
            file.sent(2, at: start + 50)
            #expect(abs(time() - 20) < 1)
            file.acknowledged(2)
            #expect(abs(time() - 50) < 1)
            file.acknowledged(1)
            file.acknowledged(7)
            #expect(abs(time() - 50) < 1, "an answer that comes late, or to nothing, renews nothing")
            file.disconnected()
            file.renew(at: start + 60)
            #expect(abs(time() - 60) < 1)
        }
    }

    @Test func `what the coordinator has said of the lease is in it, also for the next one`() async throws {
        try await withScratchFolder { folder in
            let path = folder + "/lease"
            let now = LeaseClock.now()
            let file = try LeaseFile(path)
            #expect(LeaseClock(path)?.isOver(at: now + 1000) == false, "nobody has said anything yet")
            file.setLease(10)
            file.connected(at: now + 1)
            #expect(LeaseClock(path)?.fenceSeconds == 8)
            #expect(LeaseClock(path)?.isOver(at: now + 8.5) == false)
            #expect(LeaseClock(path)?.isOver(at: now + 9.5) == true)
            _ = try LeaseFile(path)
            #expect(LeaseClock(path)?.fenceSeconds == 8)
        }
    }

    @Test func `a file that is not there has no time`() {
        #expect(LeaseClock("/nowhere/lease") == nil)
    }
}
