import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// What the hosts of an attempt left, put together by the supervisor when the gang has ended.
public enum ProgramCollection {
    /// Moves what each host left into `plan.modelFolder` and `plan.outputFolder`. Where two hosts left the
    /// same path, that of the lower number stays.
    ///
    /// - Throws: `LockstepError(.io)` naming the path.
    public static func merge(_ plan: ProgramPlan) throws {
        for rank in plan.hosts.indices {
            let staging = plan.staging(rank)
            for (name, target) in [("model", plan.modelFolder), ("output", plan.outputFolder)] {
                try FileSystem.createFolder(target)
                guard FileTree.kind("\(staging)/\(name)") == .folder else { continue }
                try move(OpenFolder("\(staging)/\(name)"), into: OpenFolder(target))
            }
            try FileSystem.remove(staging)
        }
    }

    /// Packs the merged folders into archives: the model's also when it is empty, as SageMaker does, the
    /// output's only when there is some.
    ///
    /// - Parameter modelArtifact: `nil`: there is no model.
    /// - Throws: `LockstepError(.io)` naming the path; no half an archive is left then.
    public static func pack(_ plan: ProgramPlan, modelArtifact: String?, outputArtifact: String) throws {
        if let modelArtifact { try pack(plan.modelFolder, into: modelArtifact, plan) }
        if try !FileSystem.names(in: plan.outputFolder).isEmpty {
            try pack(plan.outputFolder, into: outputArtifact, plan)
        }
    }

    /// Removes the merged folders.
    public static func clear(_ plan: ProgramPlan) throws {
        for folder in [plan.modelFolder, plan.outputFolder] { try FileSystem.remove(folder) }
    }

    private static func move(_ source: OpenFolder, into target: OpenFolder) throws {
        for name in try source.names() {
            switch (try source.kind(of: name), try target.kind(of: name)) {
            case (_, nil): try source.move(name, to: target, as: name)
            case (.folder, .folder): try move(source.folder(name), into: target.folder(name))
            default: break
            }
        }
    }

    private static func pack(_ folder: String, into path: String, _ plan: ProgramPlan) throws {
        if let parent = FileSystem.parent(of: path) { try FileSystem.createFolder(parent) }
        let temporary = "\(path).writing-\(getpid())"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw LockstepError.system("create", temporary) }
        do {
            defer { close(file) }
            let gzip = try GzipWriter { try AtomicFile.append(Array($0), to: file, path: temporary) }
            var tar = TarWriter { try gzip.write($0) }
            try add(OpenFolder(folder), inside: FileName(""), to: &tar)
            try tar.finish()
            try gzip.finish()
            guard fsync(file) == 0 else { throw LockstepError.system("synchronise", temporary) }
            try plan.requireSuccession(path)
            try FileSystem.rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func add(_ folder: OpenFolder, inside: FileName, to tar: inout TarWriter) throws {
        for name in try folder.names() {
            let full = inside.appending(name)
            switch try folder.kind(of: name) {
            case .folder:
                try tar.addFolder(full)
                try add(folder.folder(name), inside: full, to: &tar)
            case .file:
                let file = try folder.open(name, O_RDONLY)
                defer { close(file) }
                try tar.addFile(full, file, path: folder.path(of: name))
            default:
                throw LockstepError(.io, "\(folder.path(of: name)) is neither a file nor a folder")
            }
        }
    }
}
