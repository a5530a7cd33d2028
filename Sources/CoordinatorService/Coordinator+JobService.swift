package import ClusterTypes
import Diagnostics
package import JobLifecycle
import JobStore
import Logging

extension Coordinator: JobService {
    package func createJob(_ draft: JobDraft, invocationID: String?) async throws -> JobRecord {
        if let existing = jobs[draft.name] {
            if let invocationID, invocations[draft.name] == invocationID { return existing.record }
            throw LockstepError(
                .conflict, "a training job named \(draft.name) exists already: choose another name")
        }
        guard JobName.isWellFormed(draft.name.rawValue) else {
            throw LockstepError(
                .configuration,
                "TrainingJobName is \"\(draft.name)\": it must have 1 to 63 letters, digits and inner hyphens"
            )
        }
        guard draft.slotCount > 0 else {
            throw LockstepError(.configuration, "ResourceConfig.InstanceCount must be at least 1")
        }
        let state = LifecycleState(draft, at: clock())
        try store.write { try $0.insert(state, invocationID: invocationID) }
        jobs[draft.name] = state
        order.append(draft.name)
        active.append(draft.name)
        invocations[draft.name] = invocationID
        logger.info("job created", metadata: ["job": "\(draft.name)", "slots": "\(draft.slotCount)"])
        schedule()
        return jobs[draft.name]?.record ?? state.record
    }

    package func job(_ name: JobName) async throws -> JobRecord { try state(name).record }

    package func jobs() async throws -> [JobRecord] { order.compactMap { jobs[$0]?.record } }

    package func stopJob(_ name: JobName) async throws {
        let current = try state(name)
        guard current.phase != .over else {
            throw LockstepError(
                .conflict,
                "the training job \(name) is \(current.record.status.rawValue) and cannot be stopped")
        }
        perform(.stopRequested, on: name)
        guard let after = jobs[name], after.stopReason != nil else {
            throw LockstepError(.io, "the stop request for \(name) could not be stored")
        }
        schedule()
    }

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

    package func workers() async throws -> [WorkerRecord] {
        workers.values.sorted { $0.stored.id < $1.stored.id }.map { worker in
            WorkerRecord(
                id: worker.stored.id, address: worker.stored.address, slots: worker.stored.slots,
                freeSlots: worker.isReady ? freeSlots(of: worker) : 0,
                state: worker.isReady ? .ready : .lost, lastSeen: worker.stored.lastSeen)
        }
    }

    private func state(_ name: JobName) throws -> LifecycleState {
        guard let state = jobs[name] else {
            throw LockstepError(.notFound, "there is no training job named \(name)")
        }
        return state
    }
}
