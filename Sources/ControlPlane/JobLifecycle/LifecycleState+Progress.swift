import ClusterTypes

extension LifecycleState {
    /// Takes over what the gang reports about its training.
    mutating func note(_ event: TrainingEvent, _ time: Moment) {
        record.lastModifiedTime = max(record.lastModifiedTime, time.wall)
        guard let last = record.attempts.indices.last else { return }
        switch event.kind {
        case .started:
            if record.attempts[last].firstStep == nil { record.attempts[last].firstStep = event.step }
        case .shrunk: shrink(to: (event.workers ?? []).map { WorkerID($0) }, time)
        case .downloading: proceed(to: .downloading, "Downloading input data", time)
        case .training:
            // What an attempt hopes to go on from when it starts may turn out to be unusable.
            if let step = event.step, step < record.attempts[last].firstStep ?? .max {
                record.attempts[last].firstStep = step
            }
            proceed(to: .training, "Training image download completed. Training in progress.", time)
        case .uploading: proceed(to: .uploading, "Uploading generated training model", time)
        case .progress:
            record.epoch = event.epoch ?? record.epoch
            record.progress = event.progress ?? record.progress
            record.loss = event.loss ?? record.loss
            record.samplesPerSecond = event.samplesPerSecond ?? record.samplesPerSecond
        case .metric: keepMetric(event)
        case .completed: record.modelHash = event.modelHash ?? record.modelHash
        case .failed: report = report ?? event
        case .checkpoint, .stopped: break
        }
        guard let step = event.step, event.kind != .started, event.kind != .training else { return }
        record.step = step
        record.attempts[last].lastStep = max(record.attempts[last].lastStep ?? step, step)
    }

    /// Ranks have died and the gang goes on without them: their slots are free.
    private mutating func shrink(to workers: [WorkerID], _ time: Moment) {
        guard let last = record.attempts.indices.last else { return }
        var rest = record.attempts[last].workers[...]
        // Survivors keep their order, so a list that is not part of the gang's is no list of survivors.
        for worker in workers {
            guard let index = rest.firstIndex(of: worker) else { return }
            rest = rest[(index + 1)...]
        }
        guard !workers.isEmpty, workers.first == record.attempts[last].workers.first else { return }
        record.attempts[last].workers = workers
        record.attempts[last].shrinkTime = time.steady
    }

    /// Opens the next transition; within one status only the message changes.
    mutating func move(to status: SecondaryStatus, _ message: String, _ time: Moment) {
        let last = record.transitions.count - 1
        guard record.secondaryStatus != status || record.transitions[last].message != message else { return }
        record.lastModifiedTime = max(record.lastModifiedTime, time.wall)
        if record.secondaryStatus == status {
            record.transitions[last].message = message
            return
        }
        record.secondaryStatus = status
        record.transitions[last].endTime = time.wall
        record.transitions.append(StatusTransition(status: status, startTime: time.wall, message: message))
    }

    /// As `move`, unless the job is being stopped or its attempt ended: those statuses stay.
    private mutating func proceed(to status: SecondaryStatus, _ message: String, _ time: Moment) {
        guard stopReason == nil, interruption == nil, yield == nil else { return }
        move(to: status, message, time)
    }

    /// The last value of each name counts.
    private mutating func keepMetric(_ event: TrainingEvent) {
        guard let name = event.name, let value = event.value else { return }
        let metric = FinalMetric(name: name, value: value, time: event.time)
        if let index = record.finalMetrics.firstIndex(where: { $0.name == name }) {
            record.finalMetrics[index] = metric
        } else {
            record.finalMetrics.append(metric)
        }
    }
}
