import Diagnostics
import Foundation
import Glibc
import SageMakerShapes
import Storage

/// A script's code as the job names it: a folder, an archive or one file.
struct SourceCode: Sendable {
    private enum Origin: Sendable {
        case folder
        case file
        case archive(SourceArchive)
    }

    /// Hyperparameter that names it.
    static let field = "hyperparameter sagemaker_submit_directory"

    let path: String
    private let origin: Origin

    /// - Parameter location: an absolute path or a `file://` URI. A path below `/opt/ml/input/data` means
    ///   the files of that channel, as the SDK's jobs without network have it.
    /// - Throws: `LockstepError` naming the hyperparameter: `.configuration` for another kind of location,
    ///   `.notFound` when nothing is there, `.data` for an archive that cannot be read.
    init(_ location: String, _ request: CreateTrainingJobRequest) throws {
        path = try Self.path(location, request)
        switch try FileSystem.kind(of: path) {
        case .folder: origin = .folder
        case .file where Self.isArchive(path): origin = .archive(try SourceArchive(reading: path))
        case .file: origin = .file
        case .other, nil:
            throw LockstepError(
                .notFound,
                "\(Self.field) is \(location), but there is neither folder nor archive on this node: "
                    + "put the code on storage that all workers share")
        }
    }

    /// Whether a file of that relative name is there.
    func holds(_ name: String) throws -> Bool {
        switch origin {
        case .folder: try FileSystem.kind(of: path + "/" + name) == .file
        case .file: path.hasSuffix("/" + name)
        case .archive(let archive):
            archive.entries.contains { $0.name == name && $0.content != .folder }
        }
    }

    /// What is there, for people: at most `limit` names.
    func listing(limit: Int = 20) throws -> String {
        let names: [String] =
            switch origin {
            case .folder: try FileSystem.names(in: path)
            case .file: [String(path.split(separator: "/").last ?? "")]
            case .archive(let archive): archive.entries.filter { $0.content != .folder }.map(\.name)
            }
        guard !names.isEmpty else { return "nothing" }
        let rest = names.count > limit ? " and \(names.count - limit) more" : ""
        return names.prefix(limit).joined(separator: ", ") + rest
    }

    /// Copies everything into a folder, readable by everyone; links are followed.
    func unpack(into folder: String) throws {
        try FileSystem.createFolder(folder)
        switch origin {
        case .folder: try Self.copy(path, to: folder, depth: 0)
        case .file:
            let name = path.split(separator: "/").last.map(String.init) ?? path
            try Self.copy(path, to: folder + "/" + name, depth: 0)
        case .archive(let archive):
            for entry in archive.entries {
                let target = folder + "/" + entry.name
                if entry.content == .folder {
                    try FileSystem.createFolder(target)
                    continue
                }
                try FileSystem.createFolder(FileSystem.parent(of: target) ?? folder)
                switch entry.content {
                case .folder: break
                case .file(let bytes, let isExecutable):
                    try Self.write(bytes, to: target, isExecutable: isExecutable)
                case .link(let aim):
                    guard symlink(aim, target) == 0 || errno == EEXIST else {
                        throw LockstepError.system("make link", target)
                    }
                }
            }
        }
    }

    private static func path(_ location: String, _ request: CreateTrainingJobRequest) throws -> String {
        if location.hasPrefix("s3://") || location.hasPrefix("file://") {
            return try JobLocations.path(ofFileURI: location, field: field)
        }
        guard location.hasPrefix("/") else {
            throw LockstepError(
                .configuration,
                "\(field) is \(location), but must be an absolute path or file:///PATH that all workers see")
        }
        let parts = location.split(separator: "/")
        guard parts.count > 4, parts.starts(with: ["opt", "ml", "input", "data"]),
            let channel = request.inputDataConfig?.first(where: { $0.channelName == parts[4] }),
            let uri = channel.dataSource?.s3DataSource?.s3Uri
        else { return location }
        let folder = try JobLocations.path(ofFileURI: uri, field: "the URI of channel \(parts[4])")
        let rest = parts.dropFirst(5).joined(separator: "/")
        // A channel may name the archive itself.
        return try FileSystem.kind(of: folder) == .file || rest.isEmpty ? folder : folder + "/" + rest
    }

    private static func isArchive(_ path: String) -> Bool {
        [".tar.gz", ".tgz", ".tar"].contains { path.hasSuffix($0) }
    }

    private static func copy(_ source: String, to target: String, depth: Int) throws {
        guard depth < 64 else {
            throw LockstepError(.data, "\(source) lies 64 folders deep: is there a link in a circle?")
        }
        switch try FileSystem.kind(of: source) {
        case .folder:
            try FileSystem.createFolder(target)
            for name in try FileSystem.names(in: source) {
                try copy(source + "/" + name, to: target + "/" + name, depth: depth + 1)
            }
        case .file:
            let isExecutable = access(source, X_OK) == 0
            try write(try AtomicFile.read(source), to: target, isExecutable: isExecutable)
        case .other, nil:
            // Sockets, pipes and links to nowhere are no code.
            return
        }
    }

    private static func write(_ bytes: [UInt8], to path: String, isExecutable: Bool) throws {
        let mode: mode_t = isExecutable ? 0o755 : 0o644
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw LockstepError.system("create", path) }
        defer { close(file) }
        // The umask shall not keep the code from the user that the program runs as.
        guard fchmod(file, mode) == 0 else { throw LockstepError.system("set the mode of", path) }
        try AtomicFile.append(bytes, to: file, path: path)
    }
}
