import ClusterTypes
import Diagnostics
import JobLifecycle

/// A coordinator in memory, with a clock that only tests move.
actor FakeJobService: JobService {
    var now = 1_795_219_459.5
    private var records: [JobRecord] = []
    private var drafts: [JobDraft] = []
    private var linesByStream: [String: [LogLine]] = [:]
    private var invocations: [String: JobName] = [:]
    private var workerRecords: [WorkerRecord] = []
    /// Thrown by every call while it is set.
    private var failure: LockstepError?

    func createJob(_ draft: JobDraft, invocationID: String?) async throws -> JobRecord {
        if let failure { throw failure }
        if let existing = records.first(where: { $0.name == draft.name }) {
            if let invocationID, invocations[invocationID] == draft.name { return existing }
            throw LockstepError(.conflict, "the job \(draft.name) exists already")
        }
        if let invocationID { invocations[invocationID] = draft.name }
        let record = JobRecord(
            name: draft.name, requestJSON: draft.requestJSON, arn: draft.arn,
            modelArtifact: draft.modelArtifact, slotCount: draft.slotCount, creationTime: now)
        records.append(record)
        drafts.append(draft)
        now += 1
        return record
    }

    func job(_ name: JobName) async throws -> JobRecord {
        if let failure { throw failure }
        return records[try index(of: name)]
    }

    func jobs() async throws -> [JobRecord] {
        if let failure { throw failure }
        return records
    }

    func stopJob(_ name: JobName) async throws {
        let index = try index(of: name)
        guard !records[index].status.isTerminal else {
            throw LockstepError(.conflict, "the job \(name) is \(records[index].status.rawValue)")
        }
        records[index].status = .stopping
        records[index].secondaryStatus = .stopping
    }

    func logStreams(_ name: JobName) async throws -> [LogStreamRecord] {
        _ = try index(of: name)
        return linesByStream.filter { $0.key.hasPrefix(name.rawValue + "/") }.map { stream, lines in
            LogStreamRecord(
                // The coordinator hears of a stream after its first line was written.
                name: stream, creationTime: (lines.first?.time ?? now) + 2.5,
                firstEventTime: lines.first?.time, lastEventTime: lines.last?.time)
        }.sorted { $0.name < $1.name }
    }

    func logLines(stream: String, from offset: Int, limit: Int) async throws -> [LogLine] {
        Array((linesByStream[stream] ?? []).dropFirst(offset).prefix(limit))
    }

    func logLineCount(stream: String) async throws -> Int { linesByStream[stream]?.count ?? 0 }

    func collectGarbage(_ retention: Retention?, isRehearsal: Bool) async throws -> [CollectedJob] {
        let keep = retention?.keepJobs ?? records.count
        let old = records.filter(\.status.isTerminal).dropLast(min(keep, records.count))
        if !isRehearsal { records.removeAll { record in old.contains { $0.name == record.name } } }
        return old.map { CollectedJob(name: $0.name, bytes: 7) }
    }

    func publicKey() async throws -> String { "lockstep-ed25519 a2V5" }

    func workers() async throws -> [WorkerRecord] { workerRecords }

    func drainWorker(_ id: WorkerID, reason: String, deadlineSeconds: Double?) async throws {
        let index = try workerIndex(id)
        workerRecords[index].state = .draining
        workerRecords[index].reason = reason
    }

    func resumeWorker(_ id: WorkerID) async throws {
        let index = try workerIndex(id)
        workerRecords[index].state = .ready
        workerRecords[index].reason = nil
    }

    func forgetWorker(_ id: WorkerID) async throws { workerRecords.remove(at: try workerIndex(id)) }

    private func workerIndex(_ id: WorkerID) throws -> Int {
        guard let index = workerRecords.firstIndex(where: { $0.id == id }) else {
            throw LockstepError(.notFound, "there is no worker named \(id)")
        }
        return index
    }

    private func index(of name: JobName) throws -> Int {
        guard let index = records.firstIndex(where: { $0.name == name }) else {
            throw LockstepError(.notFound, "there is no job \(name)")
        }
        return index
    }
}

/// What tests set and look at.
extension FakeJobService {
    func setFailure(_ error: LockstepError?) { failure = error }
    func setWorkers(_ workers: [WorkerRecord]) { workerRecords = workers }
    func lastDraft() -> JobDraft? { drafts.last }

    func change(_ name: String, _ body: @Sendable (inout JobRecord) -> Void) throws {
        body(&records[try index(of: JobName(name))])
    }

    func add(_ record: JobRecord) { records.append(record) }

    /// Adds `count` lines `line 0`, `line 1`, …, one a second from `start`.
    func addLines(_ count: Int, toStream stream: String, start: Double) {
        let first = linesByStream[stream]?.count ?? 0
        for number in first..<(first + count) {
            linesByStream[stream, default: []].append(
                LogLine(time: start + Double(number), text: "line \(number)"))
        }
    }

    /// Runs the job to its end.
    func complete(_ name: String) throws {
        try change(name) { record in
            let end = record.creationTime + 12.25
            record.status = .completed
            record.secondaryStatus = .completed
            record.trainingStartTime = record.creationTime + 2
            record.trainingEndTime = end
            var attempt = AttemptRecord(
                number: 1, startTime: record.creationTime + 2, workers: [WorkerID("worker-1")])
            attempt.endTime = end
            record.attempts = [attempt]
            record.lastModifiedTime = end
            record.transitions.append(
                StatusTransition(
                    status: .completed, startTime: end, endTime: end, message: "Training job completed"))
            record.finalMetrics = [
                FinalMetric(name: "validation:objective_loss", value: 0.125, time: end)
            ]
            record.modelHash = "5eed"
        }
    }
}
