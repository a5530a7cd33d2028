import APIClient
import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import JSON
import Processes
import SageMakerShapes
import Storage
import StorageLocations

/// Outputs of jobs that run as another user than root, who submits them: root's own folders take no files of
/// that user's, so that whoever submits makes the job's folder, as far as it is not there.
enum OutputFolders {
    /// - Parameters:
    ///   - jobFolder: absolute path of the folder with the job file.
    ///   - endpoint: address of the API that takes the job; only of this machine's daemons is known whom
    ///     their jobs run as.
    /// - Throws: `LockstepError` naming the folder that cannot be made.
    static func make(for request: JSONValue, in jobFolder: String, endpoint: String?) throws {
        guard geteuid() == 0 else { return }
        let cluster = localCluster(endpoint)
        guard let name = cluster == nil ? try usualUser(endpoint) : cluster?.runAs,
            let user = try JobUser(name, job: "")
        else { return }
        let request = try request.decode(CreateTrainingJobRequest.self)
        guard let output = request.outputDataConfig?.s3OutputPath else { return }
        var uris = [("OutputDataConfig.S3OutputPath", output)]
        if let uri = request.checkpointConfig?.s3Uri { uris.append(("CheckpointConfig.S3Uri", uri)) }
        for (field, uri) in uris {
            // What is no place at all the API refuses.
            guard let path = try? FileURI(uri, field: field).path() else { continue }
            guard try FileSystem.kind(of: path) == nil else { continue }
            // Of other daemons than those of `lockstep up`, only what lies beside the job file is made.
            guard cluster != nil || path.hasPrefix(jobFolder + "/") else { continue }
            try FileSystem.createFolder(path)
            try user.give(path)
        }
    }

    /// The user that jobs of daemons of this machine run as when nothing else was said (`--run-as`).
    ///
    /// - Returns: `nil` for clusters of other machines.
    private static func usualUser(_ endpoint: String?) throws -> String? {
        let url = try APIEndpoint.find(option: endpoint).url
        guard ["http://127.", "http://localhost:", "http://[::1]"].contains(where: url.hasPrefix) else {
            return nil
        }
        return JobUser.usualName
    }

    /// The cluster of `lockstep up`, if the endpoint is its.
    private static func localCluster(_ endpoint: String?) -> ClusterEndpoint? {
        let file = ClusterFolder.defaultPath + "/endpoint.json"
        guard let data = FileManager.default.contents(atPath: file),
            let cluster = try? JSONDecoder().decode(ClusterEndpoint.self, from: data)
        else { return nil }
        return endpoint == nil || endpoint == cluster.api ? cluster : nil
    }
}
