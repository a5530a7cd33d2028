import APIClient
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
        guard geteuid() == 0, let name = try runAs(endpoint), let user = try JobUser(name, job: "") else {
            return
        }
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

    /// The user that jobs of this machine's cluster run as: of `lockstep up` what it was told, of daemons
    /// that were started one by one what they take by themselves (`lockstepd worker --run-as`).
    ///
    /// - Returns: `nil` when that is root, and for clusters of other machines.
    private static func runAs(_ endpoint: String?) throws -> String? {
        if let cluster = localCluster(), endpoint == nil || endpoint == cluster.api { return cluster.runAs }
        let url = try APIEndpoint.find(option: endpoint).url
        guard ["http://127.", "http://localhost:", "http://[::1]"].contains(where: url.hasPrefix) else {
            return nil
        }
        return getpwnam("lockstep") != nil ? "lockstep" : "nobody"
    }

    private static func localCluster() -> ClusterFolder.Endpoint? {
        let file = ClusterFolder.defaultPath + "/endpoint.json"
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        return try? JSONDecoder().decode(ClusterFolder.Endpoint.self, from: data)
    }
}
