import ClusterTypes
import JobLifecycle
import Testing

/// What a job is told to have done is what it has done.
@Suite struct TrueWordsTests {
    private func event(_ kind: TrainingEvent.Kind, step: Int, progress: Double? = nil) -> TrainingEvent {
        var event = TrainingEvent(kind, time: 0)
        event.step = step
        event.progress = progress
        return event
    }

    @Test func `an attempt that hoped for a state and got none is told from the start`() {
        var job = LifecycleState(JobFixture.draft(), at: 0)
        _ = job.apply(.placed(JobFixture.gang), at: 1)
        for event in [
            event(.started, step: 28), event(.training, step: 0), event(.progress, step: 150, progress: 1),
        ] { _ = job.apply(.training(attempt: 1, event), at: 2) }
        #expect(job.record.attempts[0].firstStep == 0 && job.record.attempts[0].lastStep == 150)
        // A gang that goes on without its dead ranks begins no new attempt.
        _ = job.apply(.training(attempt: 1, event(.training, step: 90)), at: 3)
        #expect(job.record.attempts[0].firstStep == 0)
    }

    @Test func `a job that was done early is complete, not at a fifth`() {
        var job = LifecycleState(JobFixture.draft(), at: 0)
        _ = job.apply(.placed(JobFixture.gang), at: 1)
        _ = job.apply(.training(attempt: 1, event(.progress, step: 135, progress: 0.225)), at: 2)
        #expect(job.record.progress == 0.225)
        _ = job.apply(.ended(attempt: 1, AttemptEnd(.exited, status: 0, time: 0)), at: 3)
        #expect(job.record.status == .completed && job.record.progress == 1)
    }
}
