import Diagnostics
import FoundationEssentials
public import JobSpecs
import StorageLocations

/// The job that a training program is told to train.
public enum HandedJob {
    /// - Parameters:
    ///   - path: of a job file; from a supervisor, of a specification, or of the request itself where the
    ///     cluster is of an earlier release.
    ///   - isSupervised: whether a supervisor hands it over: it has been checked, perhaps by a newer program.
    ///   - outputFolder: takes the place of OutputDataConfig.S3OutputPath.
    /// - Throws: `LockstepError` naming the file, its line or member, and what is wrong there.
    public static func read(_ path: String, isSupervised: Bool, outputFolder: String?) throws -> JobSpec {
        let output = outputFolder.map { StorageLocation(path: absolute($0)) }
        if isSupervised, let bytes = FileManager.default.contents(atPath: path),
            JobSpec.isSpecification([UInt8](bytes))
        {
            var job = try JobSpec(decoding: [UInt8](bytes), source: path)
            if let output { job.locations.output = output }
            return job
        }
        var file = try isSupervised ? JobFile(takenRequest: path) : JobFile(path: path)
        if file.name == nil { file.setName(JobFile.name(fromPath: path)) }
        if let output { file.setOutput(output) }
        return try file.job()
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
