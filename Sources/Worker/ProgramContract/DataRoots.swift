import Diagnostics
import Foundation
public import JobSpecs
import Storage
import StorageLocations

#if canImport(Glibc)
    import Glibc
#endif

/// The folders that jobs may name in their requests.
public struct DataRoots: Sendable, Equatable {
    /// Absolute; empty: all that the job's user may read and write.
    public var roots: [String]
    /// The daemons' own, which no job may name.
    public var closed: [String]

    public init(roots: [String] = [], closed: [String] = []) {
        self.roots = roots
        self.closed = closed
    }

    /// Looks where each path of a job leads, links and `..` followed.
    ///
    /// - Throws: `LockstepError(.denied)` naming the field and the place outside.
    public func check(_ job: JobSpec) throws {
        for (field, path) in Self.paths(of: job) {
            let place = try Self.place(of: path)
            let leads = place == path ? "" : ", which leads to \(place)"
            if closed.contains(where: { Self.isInside(place, $0) }) {
                throw LockstepError(
                    .denied, "\(field) is \(path)\(leads): that is the cluster's own, and no job's to use")
            }
            guard roots.isEmpty || roots.contains(where: { Self.isInside(place, $0) }) else {
                throw LockstepError(
                    .denied,
                    "\(field) is \(path)\(leads), outside of the folders that jobs may use here: "
                        + roots.joined(separator: ", "))
            }
        }
    }

    /// What a job names, by field. What is no place at all is refused by those who look for it there.
    private static func paths(of job: JobSpec) -> [(String, String)] {
        var paths: [(String, String)] = []
        if let locations = try? JobLocations(job) {
            paths.append((JobSpec.Locations.outputField, locations.jobFolder))
            paths.append((JobSpec.Locations.checkpointField, locations.checkpointFolder))
        }
        for channel in job.channels {
            guard let path = try? channel.location.path(field: channel.field) else { continue }
            paths.append((channel.field, path))
        }
        if let code = job.codeLocation {
            let field = "hyperparameter \(JobSpec.codeHyperparameter)"
            let isURI = code.hasPrefix("file://")
            let path = isURI ? (try? StorageLocation(code, field: field).path(field: field)) ?? "" : code
            // Below /opt/ml lies what a channel of the job's brings.
            if path.hasPrefix("/"), !path.hasPrefix("/opt/ml/") { paths.append((field, path)) }
        }
        return paths
    }

    /// The path without links and `..`, as far as it is there; what is not there yet stays as it is said.
    static func place(of path: String) throws -> String {
        var missing: [Substring] = []
        var parts = path.split(separator: "/").filter { $0 != "." }
        while true {
            let known = "/" + parts.joined(separator: "/")
            if let pointer = realpath(known, nil) {
                defer { free(pointer) }
                return normal(String(cString: pointer), missing.reversed())
            }
            guard errno == ENOENT || errno == ENOTDIR, let last = parts.popLast() else {
                throw LockstepError.system("look at", known)
            }
            missing.append(last)
        }
    }

    private static func normal(_ base: String, _ rest: [Substring]) -> String {
        var parts = base.split(separator: "/")
        for part in rest {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func isInside(_ path: String, _ root: String) -> Bool {
        let root = (try? place(of: root)) ?? root
        return root == "/" || path == root || path.hasPrefix(root + "/")
    }
}
