import ClusterTypes
import Diagnostics
import JobLifecycle
import JobSpecs
import ProgramContract
import SageMakerShapes
import ServiceModels

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
        let job = try TrainingJobRules(input, call.body).check(
            arn: call.arn("training-job/\(input.trainingJobName)"))
        if !roots.roots.isEmpty { try roots.check(job) }
        let draft = try JobDraft(job, requestJSON: call.bodyText)
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
