import SageMakerShapes
import ServiceModels

extension RequestShape {
    /// The shape that requests of a handler's operation have to have; `nil` where none is known yet.
    static func shape(of handler: any APIHandler) -> RequestShape? {
        switch (handler.service, handler.operation) {
        case (.sagemaker, "CreateTrainingJob"): .createTrainingJob
        case (.sagemaker, "DescribeTrainingJob"), (.sagemaker, "StopTrainingJob"): .trainingJobName
        case (.sagemaker, "ListTrainingJobs"): .listTrainingJobs
        case (.sagemaker, "ListTags"): .listTags
        case (.logs, "DescribeLogStreams"): .describeLogStreams
        case (.logs, "GetLogEvents"): .getLogEvents
        case (.logs, "FilterLogEvents"): .filterLogEvents
        case (.lockstep, "DrainWorker"): .drainWorker
        case (.lockstep, "ResumeWorker"), (.lockstep, "ForgetWorker"): .workerName
        case (.lockstep, "DescribeAlgorithm"): .algorithmName
        case (.lockstep, "CollectGarbage"): .collectGarbage
        case (.lockstep, _): .nothing
        default: nil
        }
    }
}
