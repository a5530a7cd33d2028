import Diagnostics
import Foundation
import Glibc
import Processes
import SageMakerShapes
import Storage

/// Outputs of jobs that run as another user than root, who submits them: root's own folders take no files of
/// that user's, so that whoever submits makes the job's folder, as far as it is not there.
enum OutputFolders {
    /// - Parameter endpoint: address of the API that takes the job; only for a cluster of this machine is
    ///   known whom its jobs run as.
    /// - Throws: `LockstepError` naming the folder that cannot be made.
    static func make(for request: JSONValue, endpoint: String?) throws {
        guard geteuid() == 0, let cluster = localCluster(), let name = cluster.runAs,
            endpoint == nil || endpoint == cluster.api, let user = try JobUser(name, job: "")
        else { return }
        let request = try request.decode(CreateTrainingJobRequest.self)
        guard let output = request.outputDataConfig?.s3OutputPath else { return }
        var uris = [("OutputDataConfig.S3OutputPath", output)]
        if let uri = request.checkpointConfig?.s3Uri { uris.append(("CheckpointConfig.S3Uri", uri)) }
        for (field, uri) in uris {
            // What is no place at all the API refuses.
            guard let path = try? JobLocations.path(ofFileURI: uri, field: field) else { continue }
            guard try FileSystem.kind(of: path) == nil else { continue }
            try FileSystem.createFolder(path)
            try user.give(path)
        }
    }

    private static func localCluster() -> ClusterFolder.Endpoint? {
        let file = ClusterFolder.defaultPath + "/endpoint.json"
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        return try? JSONDecoder().decode(ClusterFolder.Endpoint.self, from: data)
    }
}
