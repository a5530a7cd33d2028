import ClusterTypes
import FoundationEssentials
import JSON
import JobLifecycle
import ServiceModels

/// The tags that a job was created with.
struct ListTags: TypedHandler {
    let service = ServiceName.sagemaker
    let operation = "ListTags"
    let jobs: any JobService

    struct Input: Decodable {
        var resourceArn: String
        enum CodingKeys: String, CodingKey { case resourceArn = "ResourceArn" }
    }

    func answer(_ input: Input, _ call: APICall) async throws -> JSONValue {
        let parts = input.resourceArn.split(separator: ":training-job/", maxSplits: 1)
        guard parts.count == 2 else {
            throw APIFault.validation(
                "ListTags knows training jobs only, and \(input.resourceArn) is no training job's ARN")
        }
        let record = try await jobs.job(JobName(String(parts[1])))
        let request = try JSONValue(parsing: Data(record.requestJSON.utf8))
        return .object(["Tags": request["Tags"] ?? .array([])])
    }
}
