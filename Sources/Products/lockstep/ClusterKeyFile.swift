import Diagnostics
import Foundation
import Storage

/// Where `verify` finds the key of the cluster that ran a job.
enum ClusterKeyFile {
    /// - Parameter path: as the user names it; `nil`: that of the cluster on this machine, if there is one.
    /// - Throws: `.notFound` for a file that is not there, `.usage` for one that holds no key.
    static func find(_ path: String?) throws -> ClusterPublicKey? {
        guard let path else {
            let own = "\(ClusterFolder.defaultPath)/coordinator/\(ClusterKey.publicFileName)"
            guard let bytes = try? AtomicFile.read(own) else { return nil }
            return ClusterPublicKey(String(decoding: bytes, as: UTF8.self))
        }
        let absolute = URL(fileURLWithPath: path).standardized.path
        guard let key = ClusterPublicKey(String(decoding: try AtomicFile.read(absolute), as: UTF8.self))
        else {
            throw LockstepError(
                .usage,
                "\(absolute) holds no public key: it is the file certificate.pub in the coordinator's data "
                    + "folder")
        }
        return key
    }
}
