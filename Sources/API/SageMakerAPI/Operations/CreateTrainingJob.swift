import ClusterTypes
import Diagnostics
import JobLifecycle
import ProgramContract
import SageMakerShapes

/// Checks a job, stores it and gives its ARN; the scheduler starts it when slots are free.
enum CreateTrainingJob: APIOperation {
    static let target = "SageMaker.CreateTrainingJob"
    static let shape = RequestShape.createTrainingJob

    static func run(
        _ input: CreateTrainingJobRequest, _ call: APICall
    ) async throws -> CreateTrainingJobResponse {
        try TrainingJobRules(input, call.body).check()
        let arn = call.trainingJobArn(input.trainingJobName)
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
            let record = try await call.service.createJob(draft, invocationID: call.invocationID)
            return CreateTrainingJobResponse(trainingJobArn: record.arn)
        } catch let error as LockstepError where error.code == .conflict {
            // It may have been made by a client of another region; its ARN says so.
            let taken = try await call.service.job(JobName(input.trainingJobName)).arn
            throw APIFault(
                type: "ResourceInUse",
                message: "Training job names must be unique within an AWS account and region, and a "
                    + "training job with this name already exists (\(taken))",
                code: .conflict)
        }
    }
}
