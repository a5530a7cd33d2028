import JobLifecycle
import SageMakerShapes
import ServiceModels

/// The public half of the key that signs the jobs' certificates.
struct GetPublicKey: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "GetPublicKey"
    let jobs: any JobService

    func answer(_ input: NoMembers, _ call: APICall) async throws -> PublicKeyResponse {
        PublicKeyResponse(publicKey: try await jobs.publicKey())
    }
}
