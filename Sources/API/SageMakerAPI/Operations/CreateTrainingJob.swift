import ServiceModels
import ClusterTypes
import Diagnostics
import JobLifecycle
import ProgramContract
import SageMakerShapes
import StorageLocations

/// Checks a job, stores it and gives its ARN; the scheduler starts it when slots are free.
struct CreateTrainingJob: TypedHandler {
    let service = ServiceName.sagemaker
    let operation = "CreateTrainingJob"
    let jobs: any JobService
    /// What jobs may name, as far as the coordinator was told; each worker looks again.
    let roots: DataRoots

    func answer(
        _ input: CreateTrainingJobRequest, _ call: APICall
    ) async throws -> CreateTrainingJobResponse {
        try TrainingJobRules(input, call.body).check()
        if !roots.roots.isEmpty { try roots.check(input) }
        let arn = call.arn("training-job/\(input.trainingJobName)")
        let draft = JobDraft(
            name: JobName(input.trainingJobName), requestJSON: call.bodyText, arn: arn,
            modelArtifact: FileURI.encoded(try JobLocations(input).modelArtifact),
            slotCount: try ProgramKind.rankCount(input),
            maxRuntimeSeconds: input.stoppingCondition?.maxRuntimeInSeconds
                ?? TrainingDefaults.maxRuntimeSeconds,
            maximumRestarts: input.retryStrategy?.maximumRetryAttempts
                ?? TrainingDefaults.maximumRestarts,
            policy: try JobPolicy(input))
        do {
            let record = try await jobs.createJob(draft, invocationID: call.invocationID)
            return CreateTrainingJobResponse(trainingJobArn: record.arn)
        } catch let error as LockstepError where error.code == .conflict {
            // It may have been made by a client of another region; its ARN says so.
            let taken = try await jobs.job(JobName(input.trainingJobName)).arn
            throw APIFault(
                type: "ResourceInUse",
                message: "Training job names must be unique within an AWS account and region, and a "
                    + "training job with this name already exists (\(taken))",
                code: .conflict)
        }
    }
}
