import ServiceModels
import Diagnostics
import FoundationEssentials
public import JSON
public import JobSpecs
public import SageMakerShapes
import StorageLocations
import Yams

/// A job file: a CreateTrainingJob request written in YAML or JSON.
///
/// Differs from the request in what people need: numbers and truth values need no quotes where SageMaker
/// wants text, paths without a scheme are taken from the file's folder, and TrainingJobName, RoleArn
/// and the like may be left out.
public struct JobFile: Sendable {
    /// The request, with `file://` URIs.
    public private(set) var json: JSONValue
    /// The file's path, for messages.
    public let path: String

    /// Reads the job file at `path`.
    ///
    /// - Throws: `LockstepError(.notFound)` when there is no such file, `.configuration` naming line
    ///   and field when it is no job.
    public init(path: String) throws {
        let url = URL(fileURLWithPath: path)
        let bytes: Data
        do {
            bytes = try Data(contentsOf: url)
        } catch {
            throw LockstepError(
                .notFound, "the job file \(path) cannot be read: check that it exists and is a file")
        }
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        let folder = absolute.split(separator: "/").dropLast().joined(separator: "/")
        try self.init(text: String(decoding: bytes, as: UTF8.self), path: path, folder: "/" + folder)
    }

    /// Reads a job from text.
    ///
    /// - Parameters:
    ///   - path: what messages call the file.
    ///   - folder: absolute path that relative paths in the job start from.
    public init(text: String, path: String, folder: String) throws {
        self.path = path
        let reader = JobFileReader(path: path)
        json = try reader.read(text)
        resolvePaths(from: folder)
        setRoleIfMissing()
    }

    /// Reads a request that the API has taken: members that are newer than this program are kept, and a
    /// file that is no JSON is read like a job file.
    ///
    /// - Throws: as `init(path:)`.
    public init(takenRequest path: String) throws {
        guard let bytes = FileManager.default.contents(atPath: path),
            let value = try? JSONValue(parsing: bytes), value.object != nil
        else {
            try self.init(path: path)
            return
        }
        self.init(json: value, path: path)
    }

    private init(json: JSONValue, path: String) {
        self.json = json
        self.path = path
        setRoleIfMissing()
    }

    /// The job's name, when the file has one.
    public var name: String? { json["TrainingJobName"]?.string }

    /// Gives the job a name.
    public mutating func setName(_ name: String) {
        set(.string(name), at: ["TrainingJobName"])
    }

    /// Sets one hyperparameter over what the file says.
    public mutating func setHyperparameter(_ name: String, to value: String) {
        set(.string(value), at: ["HyperParameters", name])
    }

    /// Sets one variable of Environment over what the file says.
    public mutating func setEnvironment(_ name: String, to value: String) {
        set(.string(value), at: ["Environment", name])
    }

    /// Sets the folder for the output over what the file says.
    mutating func setOutput(_ folder: StorageLocation) {
        set(.string(folder.uri), at: ["OutputDataConfig", "S3OutputPath"])
    }

    /// Sets ResourceConfig.InstanceCount over what the file says.
    public mutating func setInstanceCount(_ count: Int) {
        set(.integer(count), at: ["ResourceConfig", "InstanceCount"])
    }

    /// Gives a nameless job the name `ALGORITHM-STAMP`, as `linear-learner-20261120-235247-4f1c`.
    ///
    /// - Parameters:
    ///   - seconds: now, in seconds since 1970.
    ///   - suffix: a few random letters or digits.
    public mutating func setNameIfMissing(seconds: Double, suffix: String) {
        guard name == nil else { return }
        let algorithm = json["AlgorithmSpecification"]
        let image = (algorithm?["AlgorithmName"] ?? algorithm?["TrainingImage"])?.string
        let digits = Timestamp.iso8601(seconds).filter { $0.isNumber || $0 == "T" }
        let stamp = digits.map { $0 == "T" ? "-" : String($0) }.joined()
        let base = image.map(ImageName.repository(in:)) ?? "job"
        setName("\(base.prefix(40))-\(stamp)-\(suffix)")
    }

    /// The request as Lockstep's own types, checked against SageMaker's limits.
    ///
    /// - Throws: `LockstepError(.configuration)` in SageMaker's words after the file's name.
    public func request() throws -> CreateTrainingJobRequest {
        let check = ShapeCheck(json, against: JobFileReader.requestShape, of: .of(.sagemaker))
        if let message = check.typeMismatch ?? check.validationMessage {
            throw LockstepError(.configuration, "\(path): \(message)")
        }
        return try json.decode(CreateTrainingJobRequest.self)
    }

    /// The job of the request, as everything below the API knows it.
    ///
    /// - Throws: as `request()`, and `LockstepError(.configuration)` naming the member at fault.
    public func job() throws -> JobSpec { try JobSpec(request()) }

    /// A name for a job without one: its file's, so that the job finds its checkpoints again.
    static func name(fromPath path: String) -> String {
        let base = path.split(separator: "/").last?.split(separator: ".").first ?? "job"
        let letters = base.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(letters.prefix(63)).split(separator: "-").joined(separator: "-")
        return trimmed.isEmpty ? "job" : trimmed
    }

    /// Jobs get no rights from a role; SageMaker insists on one.
    private mutating func setRoleIfMissing() {
        guard json["RoleArn"] == nil else { return }
        set(.string("arn:aws:iam::000000000000:role/lockstep"), at: ["RoleArn"])
    }

    private mutating func set(_ value: JSONValue, at place: [String]) {
        json = json.setting(value, at: place[...])
    }

    private mutating func resolvePaths(from folder: String) {
        func resolved(_ value: JSONValue?) -> JSONValue? {
            value?.string.map { .string(Self.fileURI($0, from: folder)) }
        }
        if let uri = resolved(json["OutputDataConfig"]?["S3OutputPath"]) {
            set(uri, at: ["OutputDataConfig", "S3OutputPath"])
        }
        if let uri = resolved(json["CheckpointConfig"]?["S3Uri"]) {
            set(uri, at: ["CheckpointConfig", "S3Uri"])
        }
        resolveProgram(from: folder)
        guard let channels = json["InputDataConfig"]?.array else { return }
        let moved = channels.map { channel -> JSONValue in
            guard let uri = resolved(channel["DataSource"]?["S3DataSource"]?["S3Uri"]) else {
                return channel
            }
            return channel.setting(uri, at: ["DataSource", "S3DataSource", "S3Uri"])
        }
        set(.array(moved), at: ["InputDataConfig"])
    }

    /// A program named by a relative path lies beside the file, as does a folder of code.
    private mutating func resolveProgram(from folder: String) {
        func path(_ text: String) -> String {
            text.contains("://") ? text : Self.path(text, from: folder)
        }
        let place = ["AlgorithmSpecification", "ContainerEntrypoint"]
        if let words = json[place[0]]?[place[1]]?.array {
            let moved = words.map { word -> JSONValue in
                guard let text = word.string, text.hasPrefix("./") || text.hasPrefix("../") else {
                    return word
                }
                return .string(path(text))
            }
            set(.array(moved), at: place)
        }
        // A plain path, because the toolkit of SageMaker's images knows no file://.
        let code = ["HyperParameters", "sagemaker_submit_directory"]
        if let text = json[code[0]]?[code[1]]?.string, !text.hasPrefix("\"") {
            set(.string(path(text)), at: code)
        }
    }

    /// `file://` URI of a path, absolute or from `folder`; a text with a scheme stays as it is.
    static func fileURI(_ text: String, from folder: String) -> String {
        // Nothing is no folder, least of all the whole of the job file's.
        text.isEmpty || text.contains("://") || text.hasPrefix("file:/")
            ? text : FileURI.encoded(path(text, from: folder))
    }

    /// Absolute path, from `folder` if it is relative, without `.` and `..`.
    private static func path(_ text: String, from folder: String) -> String {
        let absolute = text.hasPrefix("/") ? text : folder + "/" + text
        var parts: [Substring] = []
        for part in absolute.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

extension JSONValue {
    /// This object with the member at `place` set; objects on the way are made when they are missing.
    fileprivate func setting(_ value: JSONValue, at place: ArraySlice<String>) -> JSONValue {
        guard let first = place.first else { return value }
        var members = object ?? [:]
        members[first] = (members[first] ?? .null).setting(value, at: place.dropFirst())
        return .object(members)
    }
}
