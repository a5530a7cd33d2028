import Diagnostics
import Foundation
import Glibc
import Processes
import ProgramContract
import SageMakerShapes
import Storage

/// The channels of a host: what lies in `input/data/CHANNEL`, and how it gets there.
package struct HostChannels {
    struct Source: Equatable {
        var name: String
        var path: String
        var isFile: Bool
        /// Whether each host gets its share of the files.
        var isSharded: Bool
        var isPipe: Bool
    }

    let sources: [Source]

    /// - Throws: `LockstepError(.configuration)` or `(.notFound)` naming channel and field.
    init(_ request: CreateTrainingJobRequest) throws {
        sources = try (request.inputDataConfig ?? []).map { channel in
            let data = channel.dataSource?.s3DataSource
            let field = "InputDataConfig channel \(channel.channelName): S3DataSource"
            guard let data else { throw LockstepError(.configuration, "\(field) is missing") }
            if let type = data.s3DataType, type != "S3Prefix" {
                throw LockstepError(.configuration, "\(field).S3DataType is \(type): programs take S3Prefix")
            }
            let path = try JobLocations.path(ofFileURI: data.s3Uri, field: "\(field).S3Uri")
            guard let kind = try FileSystem.kind(of: path), kind != .other else {
                throw LockstepError(.notFound, "\(field).S3Uri: there is no file or folder \(path)")
            }
            let mode = channel.inputMode ?? request.algorithmSpecification?.trainingInputMode ?? "File"
            return Source(
                name: channel.channelName, path: path, isFile: kind == .file,
                isSharded: data.s3DataDistributionType == "ShardedByS3Key", isPipe: mode == "Pipe")
        }
    }

    /// A host's share of a channel's files: every `hosts`-th in byte order.
    package static func share(of files: [String], rank: Int, hosts: Int) -> [String] {
        let sorted = files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return sorted.indices.filter { $0 % hosts == rank }.map { sorted[$0] }
    }

    /// Files of a channel relative to its folder, in byte order.
    static func files(below folder: String, prefix: String = "") throws -> [String] {
        try FileSystem.names(in: folder).flatMap { name -> [String] in
            switch try FileSystem.kind(of: "\(folder)/\(name)") {
            case .folder: try files(below: "\(folder)/\(name)", prefix: "\(prefix)\(name)/")
            case .file: ["\(prefix)\(name)"]
            default: []
            }
        }
    }

    /// Lays the channels out in the tree.
    ///
    /// - Parameter usesMounts: whether the program gets mounts; else links lead to the data.
    /// - Returns: the mounts it needs.
    func lay(in base: String, rank: Int, hosts: Int, usesMounts: Bool) throws -> [GuardedProcess.Mount] {
        var mounts: [GuardedProcess.Mount] = []
        func show(_ source: String, at target: String, isFile: Bool) throws {
            guard usesMounts else { return try Self.link(target, to: source) }
            if isFile { try HostTree.write("", to: target) } else { try FileSystem.createFolder(target) }
            mounts.append(.readOnly(source, target))
        }
        for source in sources where !source.isPipe {
            let folder = "\(base)/input/data/\(source.name)"
            if source.isFile {
                try FileSystem.createFolder(folder)
                let isMine = !source.isSharded || rank == 0
                let name = (source.path as NSString).lastPathComponent
                if isMine { try show(source.path, at: "\(folder)/\(name)", isFile: true) }
            } else if source.isSharded {
                // The whole channel once, out of sight, and links to this host's share of it.
                try FileSystem.createFolder(folder)
                try FileSystem.createFolder("\(base)/input/.sources")
                try show(source.path, at: "\(base)/input/.sources/\(source.name)", isFile: false)
                let files = try Self.files(below: source.path)
                for file in Self.share(of: files, rank: rank, hosts: hosts) {
                    let depth = file.split(separator: "/").count
                    let up = String(repeating: "../", count: depth + 1)
                    let parent = ("\(folder)/\(file)" as NSString).deletingLastPathComponent
                    try FileSystem.createFolder(parent)
                    try Self.link("\(folder)/\(file)", to: "\(up).sources/\(source.name)/\(file)")
                }
            } else {
                try show(source.path, at: folder, isFile: false)
            }
        }
        return mounts
    }

    /// Takes the layout away again, to make it otherwise.
    func clear(in base: String) throws {
        for folder in ["data", ".sources"] { try FileSystem.remove("\(base)/input/\(folder)") }
        try FileSystem.createFolder(base + "/input/data")
    }

    static func link(_ path: String, to target: String) throws {
        guard symlink(target, path) == 0 else { throw LockstepError.system("make link", path) }
    }
}
