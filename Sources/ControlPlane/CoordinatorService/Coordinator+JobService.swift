package import ClusterTypes
import ControlPlane
import Diagnostics
package import JobLifecycle
import JobStore
import Storage

/// A call of CreateTrainingJob that has not been answered.
struct PendingCreation {
    var creation: JobCreation
    var answer: CheckedContinuation<JobRecord, any Error>
}

extension Coordinator: JobService {
    package func createJob(_ draft: JobDraft, invocationID: String?) async throws -> JobRecord {
        try await withCheckedThrowingContinuation { answer in
            creations.append(
                PendingCreation(creation: JobCreation(draft, invocationID: invocationID), answer: answer))
            // Calls that are here already come before this.
            if creations.count == 1 { Task { createPending() } }
        }
    }

    /// Creates the jobs that have been asked for since the last time.
    func createPending() {
        guard !creations.isEmpty else { return }
        let pending = creations
        creations = []
        do {
            let change = try handle(.create(pending.map(\.creation)))
            for (index, item) in pending.enumerated() {
                if let refusal = change.refusals[index] {
                    item.answer.resume(throwing: refusal)
                } else {
                    item.answer.resume(with: Result { try state(item.creation.draft.name).record })
                }
            }
        } catch {
            for item in pending { item.answer.resume(throwing: error) }
        }
    }

    package func job(_ name: JobName) async throws -> JobRecord { try state(name).record }

    package func jobs() async throws -> [JobRecord] { cluster.order.compactMap { cluster.jobs[$0]?.record } }

    package func stopJob(_ name: JobName) async throws { try handle(.stop(name)) }

    package func logStreams(_ name: JobName) async throws -> [LogStreamRecord] {
        _ = try state(name)
        return try store.logStreams(name)
    }

    package func logLines(stream: String, from offset: Int, limit: Int) async throws -> [LogLine] {
        _ = try await logLineCount(stream: stream)
        return try store.logLines(stream: stream, from: offset, limit: limit)
    }

    package func logLineCount(stream: String) async throws -> Int {
        guard let count = try store.logLineCount(stream: stream) else {
            throw LockstepError(.notFound, "there is no log stream \(stream)")
        }
        return count
    }

    package func collectGarbage(
        _ retention: Retention?, isRehearsal: Bool
    ) async throws -> [CollectedJob] {
        let names = expired(retention)
        guard !isRehearsal else { return try names.map { try collected($0) } }
        var jobs: [CollectedJob] = []
        for start in stride(from: 0, to: names.count, by: Self.collectedAtOnce) {
            jobs += try forget(Array(names[start..<min(start + Self.collectedAtOnce, names.count)]))
            await Task.yield()
        }
        while try store.shrink() { await Task.yield() }
        return jobs
    }

    package func publicKey() async throws -> String {
        let bytes = try AtomicFile.read(configuration.dataFolder + "/" + ClusterKey.publicFileName)
        guard let key = ClusterPublicKey(String(decoding: bytes, as: UTF8.self)) else {
            throw LockstepError(
                .damaged, "\(ClusterKey.publicFileName) holds no key: restart the coordinator")
        }
        return key.text
    }

    package func workers() async throws -> [WorkerRecord] {
        let now = clock.now
        return cluster.workers.values.sorted { $0.profile.id < $1.profile.id }.map { worker in
            let profile = worker.profile
            return WorkerRecord(
                id: profile.id, address: profile.address, kind: profile.kind, slots: profile.slots,
                freeSlots: worker.isReady ? cluster.freeSlots(profile.id) : 0,
                state: standing(worker), reason: reason(worker),
                lastSeen: max(profile.lastSeen, now.wall - (now.steady - worker.lastHeard)),
                hotStateBytes: worker.hotStateBytes)
        }
    }

    package func drainWorker(_ id: WorkerID, reason: String, deadlineSeconds: Double?) async throws {
        try handle(.drain(id, reason: reason, deadlineSeconds: deadlineSeconds, isOrdered: true))
    }

    package func resumeWorker(_ id: WorkerID) async throws { try handle(.resume(id)) }

    package func forgetWorker(_ id: WorkerID) async throws { try handle(.forget(id)) }

    /// Why a worker stands as it does.
    private func reason(_ worker: WorkerStanding) -> String? {
        if let reason = worker.profile.quarantine ?? worker.profile.departure?.reason { return reason }
        guard !worker.isPresent else { return nil }
        return worker.isLost ? "silent for longer than its lease" : "its connection broke"
    }

    private func standing(_ worker: WorkerStanding) -> WorkerRecord.State {
        if !worker.isPresent { return .lost }
        if worker.profile.quarantine != nil { return .quarantined }
        guard worker.profile.departure != nil else { return .ready }
        return cluster.isOccupied(worker.profile.id) ? .draining : .drained
    }

    private func state(_ name: JobName) throws -> LifecycleState {
        guard let state = cluster.jobs[name] else {
            throw LockstepError(.notFound, "there is no training job named \(name)")
        }
        return state
    }
}
