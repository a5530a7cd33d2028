import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Storage
import StorageLocations

/// A script's code as the job names it: a folder, an archive or one file.
struct SourceCode: Sendable {
    private enum Origin: Sendable {
        case folder
        case file
        case archive(SourceArchive)
    }

    /// Hyperparameter that names it.
    static let field = "hyperparameter \(JobSpec.codeHyperparameter)"

    let path: String
    private let origin: Origin

    /// - Parameter location: an absolute path or a `file://` URI. A path below `/opt/ml/input/data` means
    ///   the files of that channel, as the SDK's jobs without network have it.
    /// - Throws: `LockstepError` naming the hyperparameter: `.configuration` for another kind of location,
    ///   `.notFound` when nothing is there, `.data` for an archive that cannot be read.
    init(_ location: String, _ job: JobSpec) throws {
        path = try Self.path(location, job)
        switch try FileSystem.kind(of: path) {
        case .folder: origin = .folder
        case .file where Self.isOtherArchive(path):
            throw LockstepError(
                .data,
                "\(Self.field) is \(location): of archives only .tar.gz and .tar are read; pack it as .tar.gz"
            )
        case .file where try Self.isArchive(path): origin = .archive(try SourceArchive(reading: path))
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
        case .file: Array(path.utf8).suffix(name.utf8.count + 1).elementsEqual(("/" + name).utf8)
        case .archive(let archive): archive.holds(name)
        }
    }

    /// Whether a folder of that relative name is there.
    func holdsFolder(_ name: String) throws -> Bool {
        switch origin {
        case .folder: try FileSystem.kind(of: path + "/" + name) == .folder
        case .file: false
        case .archive(let archive): archive.holdsFolder(name)
        }
    }

    /// What is there, for people: at most `limit` names.
    func listing(limit: Int = 20) throws -> String {
        let names: [String] =
            switch origin {
            case .folder: try FileSystem.names(in: path)
            case .file: [String(path.split(separator: "/").last ?? "")]
            case .archive(let archive): archive.fileNames
            }
        guard !names.isEmpty else { return "nothing" }
        let rest = names.count > limit ? " and \(names.count - limit) more" : ""
        return names.prefix(limit).joined(separator: ", ") + rest
    }

    /// Copies everything into a folder, readable by everyone; links are followed.
    ///
    /// - Returns: what is no code and stays away, each with its reason: links to nowhere, sockets, FIFOs.
    @discardableResult
    func unpack(into folder: String) throws -> [String] {
        try FileSystem.createFolder(folder)
        var omitted: [String] = []
        switch origin {
        case .folder: try Self.copy(FileName(path), to: FileName(folder), depth: 0, &omitted)
        case .file:
            let name = path.split(separator: "/").last.map(String.init) ?? path
            try Self.copy(FileName(path), to: FileName(folder + "/" + name), depth: 0, &omitted)
        case .archive(let archive): try archive.unpack(into: folder)
        }
        return omitted
    }

    private static func path(_ location: String, _ job: JobSpec) throws -> String {
        if location.hasPrefix("s3://") || location.hasPrefix("file://") {
            return try StorageLocation(location, field: field).path(field: field)
        }
        guard location.hasPrefix("/") else {
            throw LockstepError(
                .configuration,
                "\(field) is \(location), but must be an absolute path or file:///PATH that all workers see")
        }
        let parts = location.split(separator: "/")
        guard parts.count > 4, parts.starts(with: ["opt", "ml", "input", "data"]),
            let channel = job.channel(String(parts[4]))
        else { return location }
        let folder = try channel.location.path(field: "the URI of channel \(parts[4])")
        let rest = parts.dropFirst(5).joined(separator: "/")
        // A channel may name the archive itself.
        return try FileSystem.kind(of: folder) == .file || rest.isEmpty ? folder : folder + "/" + rest
    }

    /// By its name, or because it is gzip, which no script is.
    private static func isArchive(_ path: String) throws -> Bool {
        try [".tar.gz", ".tgz", ".tar"].contains { path.hasSuffix($0) } || InputFile(path: path).isGzip
    }

    private static func isOtherArchive(_ path: String) -> Bool {
        let ends = [".zip", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".lz4", ".7z", ".rar"]
        return ends.contains { path.lowercased().hasSuffix($0) }
    }

    private static func copy(
        _ source: FileName, to target: FileName, depth: Int, _ omitted: inout [String]
    ) throws {
        guard depth < 64 else {
            throw LockstepError(
                .data, "\(source.printable) lies 64 folders deep: is there a link in a circle?")
        }
        var status = stat()
        guard source.withCString({ stat($0, &status) }) == 0 else {
            omitted.append("\(source.printable) (a link that leads nowhere)")
            return
        }
        switch FileTree.kind(status.st_mode) {
        case .folder:
            if target.withCString({ mkdir($0, 0o755) }) != 0, errno != EEXIST {
                throw LockstepError.system("make folder", target.printable)
            }
            _ = target.withCString { chmod($0, 0o755) }
            for name in try names(in: source) {
                try copy(source.appending(name), to: target.appending(name), depth: depth + 1, &omitted)
            }
        case .file: try copyFile(source, to: target, isExecutable: status.st_mode & 0o111 != 0)
        case .link, .other: omitted.append("\(source.printable) (neither file nor folder)")
        }
    }

    private static func names(in folder: FileName) throws -> [FileName] {
        guard let real = folder.withCString({ realpath($0, nil) }) else {
            throw LockstepError.system("find", folder.printable)
        }
        defer { free(real) }
        let bytes = UnsafeBufferPointer(start: real, count: strlen(real)).map { UInt8(bitPattern: $0) }
        return try OpenFolder(FileName(bytes)).names()
    }

    private static func copyFile(_ source: FileName, to target: FileName, isExecutable: Bool) throws {
        let from = source.withCString { open($0, O_RDONLY | O_CLOEXEC) }
        guard from >= 0 else { throw LockstepError.system("open", source.printable) }
        defer { close(from) }
        let file = try PlainFile(creating: target, isExecutable: isExecutable)
        try FileSystem.readPieces(of: from, path: source.printable) { try file.write($0) }
    }
}
