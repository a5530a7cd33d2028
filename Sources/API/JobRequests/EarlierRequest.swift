import Foundation
public import JobSpecs
import SageMakerShapes

/// Requests that a coordinator of an earlier release has stored.
public enum EarlierRequest {
    /// The job of a request that was accepted once.
    ///
    /// - Parameters:
    ///   - json: the request as received.
    ///   - arn: of the job.
    /// - Throws: `DecodingError`, or `LockstepError(.configuration)` naming the member at fault.
    @Sendable
    public static func job(_ json: String, arn: String) throws -> JobSpec {
        let request = try JSONDecoder().decode(CreateTrainingJobRequest.self, from: Data(json.utf8))
        return try JobSpec(request, arn: arn)
    }
}
