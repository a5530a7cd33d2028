import Checkpoints
import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Testing
import Training

/// A disk of 1 MiB that fills up under a job. Mounts need root; without it the suite is skipped.
@Suite(.serialized, .enabled(if: geteuid() == 0, "mounting a small file system needs root"))
struct FullDiskTests {
    /// A small file system that can be filled and emptied.
    private struct SmallDisk: Sendable {
        let path: String
        private var ballast: String { path + "/ballast" }

        init(path: String) { self.path = path }

        /// Fills it to the last page.
        func fill() {
            let descriptor = open(ballast, O_WRONLY | O_APPEND | O_CREAT, 0o600)
            defer { close(descriptor) }
            let page = [UInt8](repeating: 1, count: 4096)
            while write(descriptor, page, page.count) == page.count {}
        }

        func empty() { unlink(ballast) }
    }

    private func withSmallDisk(_ body: (SmallDisk) throws -> Void) throws {
        try withTemporaryFolder { folder in
            guard mount("tmpfs", folder, "tmpfs", 0, "size=1m") == 0 else {
                withKnownIssue("this machine lets no one mount") { _ = Issue.record("mount failed") }
                return
            }
            defer { umount2(folder, 2) }
            try body(SmallDisk(path: folder))
        }
    }

    @Test func `a checkpoint that does not fit is abandoned and the job goes on`() throws {
        try withSmallDisk { disk in
            let calm = try withTemporaryFolder { try ToyJob(folder: $0).modelHash() }
            var job = ToyJob(folder: disk.path)
            job.hyperparameters["checkpoint_interval_steps"] = "1"
            _ = try job.run(stopAfter: 3)
            // Full from the first step of the second attempt to its stop.
            let stopped = try job.run(stopAfter: 6, stepBegan: { if $0 == 3 { disk.fill() } })
            #expect(stopped.outcome == .stopped(step: 3))
            let warning = try #require(stopped.warnings.first)
            #expect(
                warning.contains("abandoned") && warning.contains("No space left on device"), "\(warning)")
            #expect(warning.contains(disk.path))
            let left = try FileManager.default.contentsOfDirectory(atPath: job.store.folder)
            #expect(!left.contains { $0.hasPrefix(".writing") }, "\(left)")
            disk.empty()
            let resumed = try job.run(ranks: 2)
            #expect(resumed.outcome == .completed(modelHash: calm))
            #expect(try job.verify().isGood)
        }
    }

    @Test func `a model that does not fit is an error and leaves nothing behind`() throws {
        try withSmallDisk { disk in
            let job = ToyJob(folder: disk.path)
            let error = #expect(throws: LockstepError.self) {
                try job.run(ranks: 2, stepBegan: { if $0 == 5 { disk.fill() } })
            }
            #expect(error?.code == .full)
            #expect(error?.message.contains("No space left on device") == true, "\(error as Any)")
            let output = try job.locations.jobFolder + "/output"
            let left = (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []
            #expect(left.isEmpty, "\(left)")
        }
    }

    @Test func `shared memory that fills up costs the hot state, not the job`() throws {
        try withSmallDisk { disk in
            try withTemporaryFolder { folder in
                let calm = try ToyJob(folder: folder, name: "calm").modelHash()
                // Full from the start: no room for the buffers.
                disk.fill()
                let setting: @Sendable (Int) -> RankSetting = { rank in
                    RankSetting(worker: "w\(rank)", hotStateFolder: rank == 0 ? disk.path + "/hot" : "")
                }
                let end = try ToyJob(folder: folder, name: "full").run(ranks: 2, setting: setting)
                #expect(end.outcome == .completed(modelHash: calm))
                let warning = try #require(end.warnings.first)
                #expect(warning.contains("rank 0 on worker w0 holds no hot state"), "\(warning)")
                #expect(warning.contains("No space left on device") && warning.contains(disk.path))
                disk.empty()
                // Full on the way: the commits find no room.
                let later = try ToyJob(folder: folder, name: "later").run(
                    ranks: 2, setting: setting, stepBegan: { if $0 == 3 { disk.fill() } })
                #expect(later.outcome == .completed(modelHash: calm))
                disk.empty()
            }
        }
    }
}
