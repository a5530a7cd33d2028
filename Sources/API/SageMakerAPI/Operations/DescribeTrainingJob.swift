import ClusterTypes
import JSON
import JobLifecycle
import SageMakerShapes
import ServiceModels
import StorageLocations

/// Everything about one job: its request, with defaults filled in, and how it goes.
struct DescribeTrainingJob: TypedHandler {
    let service = ServiceName.sagemaker
    let operation = "DescribeTrainingJob"
    let jobs: any JobService

    func answer(_ input: TrainingJobNameRequest, _ call: APICall) async throws -> JSONValue {
        let record = try await jobs.job(JobName(input.trainingJobName))
        var members = try JobEcho(record, accountID: call.accountID).members
        let computed = try JSONValue(encoding: TrainingJobDescription(record))
        for (name, value) in computed.object ?? [:] { members[name] = value }
        return .object(members)
    }
}

extension TrainingJobDescription {
    init(_ record: JobRecord) {
        self.init(
            trainingJobName: record.name.rawValue, trainingJobArn: record.arn,
            trainingJobStatus: record.status.rawValue,
            secondaryStatus: record.secondaryStatus.rawValue,
            secondaryStatusTransitions: record.transitions.map {
                Transition(
                    status: $0.status.rawValue, startTime: $0.startTime, endTime: $0.endTime,
                    statusMessage: $0.message)
            },
            modelArtifacts: Self.modelArtifacts(of: record),
            creationTime: record.creationTime, lastModifiedTime: record.lastModifiedTime)
        failureReason = record.failureReason.map { String($0.prefix(1024)) }
        trainingStartTime = record.trainingStartTime
        trainingEndTime = record.trainingEndTime
        if let start = record.trainingStartTime, let end = record.trainingEndTime {
            trainingTimeInSeconds = max(1, Int((end - start).rounded(.up)))
            // As SageMaker has it: the time with instances, without that of waiting for them.
            billableTimeInSeconds = max(1, Int(record.runSeconds(at: end).rounded(.up)))
        }
        let metrics = record.finalMetrics.filter(\.value.isFinite)
        if !metrics.isEmpty {
            finalMetricDataList = metrics.map {
                Metric(metricName: $0.name, value: $0.value, timestamp: $0.time)
            }
        }
        modelHash = record.modelHash
        if record.step != nil {
            progressInfo = ProgressInfo(currentStep: record.step, currentEpoch: record.epoch)
        }
        trainingProgress = Progress(
            fraction: record.progress.flatMap(Self.finite), loss: record.loss.flatMap(Self.finite),
            samplesPerSecond: record.samplesPerSecond.flatMap(Self.finite))
        attempts = record.attempts.map(Attempt.init)
    }

    /// Where the model will lie or lies. A job that was stopped or failed may have left one, or not.
    private static func modelArtifacts(of record: JobRecord) -> ModelArtifacts? {
        let artifacts = ModelArtifacts(s3ModelArtifacts: record.modelArtifact)
        guard record.status == .failed || record.status == .stopped else { return artifacts }
        let path = try? FileURI(record.modelArtifact, field: "ModelArtifacts").path()
        return path.map { FileURI.exists($0) } ?? false ? artifacts : nil
    }

    /// JSON has no infinity.
    private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}

extension TrainingJobDescription.Attempt {
    init(_ record: AttemptRecord) {
        self.init(
            number: record.number, startTime: record.startTime,
            workers: record.workers.map(\.rawValue))
        endTime = record.endTime
        firstStep = record.firstStep
        lastStep = record.lastStep
        outcome = record.outcome
        hasStateKeeper = record.hasKeeper ? true : nil
    }
}
