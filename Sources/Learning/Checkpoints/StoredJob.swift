import Diagnostics
public import JobSpecs
import Storage
import StorageLocations

/// A job's specification in its history, as its newest attempt was given it: what a replay is made from.
///
/// Without the job's Environment, which has no part in the mathematics and may hold what only the job's own
/// processes are to know.
public enum StoredJob {
    /// Name in the history folder.
    public static let fileName = "job.json"

    /// Writes the specification, unless it is there already.
    ///
    /// - Parameter history: the history folder.
    public static func write(_ job: JobSpec, in history: String) throws {
        var job = job
        job.environment = [:]
        let (bytes, path) = (try job.encoded(), history + "/" + fileName)
        if try FileSystem.kind(of: path) == .file, try AtomicFile.read(path) == bytes { return }
        try AtomicFile.write(bytes, to: path)
    }

    /// Where the files of a job lie that is known by its folder.
    ///
    /// - Parameter checkpointFolder: `nil`: where the job's specification has it, if that is a folder, or
    ///   else in the job's folder.
    public static func locations(
        of jobFolder: String, checkpointFolder: String? = nil
    ) throws -> JobLocations {
        let locations = JobLocations(jobFolder: jobFolder, checkpointFolder: checkpointFolder)
        guard checkpointFolder == nil, let job = try read(in: locations.historyFolder),
            let folder = try job.locations.checkpoints?.path(field: JobSpec.Locations.checkpointField),
            try FileSystem.kind(of: folder) == .folder
        else { return locations }
        return JobLocations(jobFolder: jobFolder, checkpointFolder: folder)
    }

    /// - Returns: `nil` where an earlier release, which kept none, has trained the job.
    /// - Throws: `LockstepError` naming a file that is no specification.
    public static func read(in history: String) throws -> JobSpec? {
        let path = history + "/" + fileName
        guard try FileSystem.kind(of: path) != nil else { return nil }
        return try JobSpec(decoding: AtomicFile.read(path), source: path)
    }
}
