import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Processes
import ProgramContract
import Storage

/// The command of a program, ready to be started.
struct ProgramCommand {
    private var request: GuardedProcess.Request
    private let imageRoot: String?
    private let memoryBytes: Int?
    /// The tree as the program knows it, and where it lies.
    private let base: String
    private let tree: String

    /// Unpacks the job's code where it brings some.
    init(
        _ plan: ProgramPlan, rank: Int, host: ProgramHost, inherited: [String: String],
        added: [String: String]
    ) throws {
        var environment = ProgramEnvironment(
            inherited: inherited, base: host.base, threads: host.limits.threads)
        environment.isImage = plan.imageRoot != nil
        environment.added = added
        environment.changesUser = host.user != nil
        environment.hasUserNamespace = host.isolation.namespaces.contains(.user)
        var words = plan.job.work.program?.command ?? []
        var directory = host.base + "/code"
        var script: String?
        if words.isEmpty {
            let launcher = try host.user.access {
                let launcher = try ScriptLauncher(
                    plan, rank: rank, base: host.base, cores: host.limits.threads)
                let omitted = try launcher.unpackCode(into: host.tree.base + "/code")
                if !omitted.isEmpty {
                    let more = omitted.count > 5 ? " and \(omitted.count - 5) more" : ""
                    RunnerOutput.note(
                        "left out of the code: \(omitted.prefix(5).joined(separator: ", "))\(more)")
                }
                return launcher
            }
            let modules = [launcher.environment, added].compactMap { $0["PYTHONPATH"] }
            environment.added.merge(launcher.environment) { $1 }
            if !modules.isEmpty { environment.added["PYTHONPATH"] = modules.joined(separator: ":") }
            (words, directory) = (launcher.arguments, launcher.directory)
            script = launcher.script
        } else {
            words += plan.job.work.program?.arguments ?? []
        }
        let isApart = plan.kind != .mpi
        environment.hasOwnTemporaryFolder = host.isolation.usesMounts && (isApart || plan.imageRoot != nil)
        let variables = environment.variables(plan, rank: rank)
        let temporary = try host.user.access {
            let isOwn = isApart && plan.imageRoot == nil && host.isolation.usesMounts
            let paths = TemporaryPaths(
                isOwn ? words + plan.job.hyperparameters.values : [],
                environment: isOwn ? variables : [:], own: isOwn ? plan.job.environment : [:])
            try paths.makePlaces(in: host.tree.base)
            return paths.paths
        }
        request = host.request(apart: isApart, temporary: temporary)
        request.arguments = words
        if let library = host.pathLibrary {
            request.arguments = words.prefix(1).map(library.realPath) + words.dropFirst()
            request.environment = library.variables(variables)
        } else {
            request.environment = variables
        }
        request.directory = directory
        imageRoot = plan.imageRoot
        memoryBytes = host.limits.memoryBytes
        (base, tree) = (host.base, host.tree.base)
        try host.user.access { try checkFile(script: script) }
    }

    /// Looks at the file that is to run, because what its interpreter says of it later blames something else.
    ///
    /// - Parameter script: name of the script mode's own that a shell runs.
    private func checkFile(script: String?) throws {
        let search = request.environment["PATH"] ?? ""
        if let script {
            let path = "\(request.directory ?? "")/\(script)"
            let file = ExecutableFile(script, path: path, looksAround: imageRoot == nil, locate: locate)
            if let fault = file.fault(search: search, isScript: true) { throw fault }
        } else if let fault = executable?.fault(search: search, isScript: false) {
            throw fault
        }
    }

    /// - Throws: `LockstepError` naming what of the command is at fault.
    func start(group: MemoryGroup?, finder: MetricFinder) throws -> (GuardedProcess, OutputRelay) {
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let output = try ChildProcess.pipe()
        let error = try ChildProcess.pipe()
        defer { for descriptor in [null, output.write, error.write] { close(descriptor) } }
        do {
            let process = try spawn(group: group, [null, output.write, error.write])
            let relay = OutputRelay(
                output: output.read, error: error.read, finder: finder, report: RunnerOutput.report)
            relay.start()
            return (process, relay)
        } catch let failure {
            close(output.read)
            close(error.read)
            throw failure
        }
    }

    private func spawn(group: MemoryGroup?, _ streams: [Int32]) throws -> GuardedProcess {
        var request = request
        request.controlGroup = group?.path
        do {
            return try GuardedProcess(request, input: streams[0], output: streams[1], error: streams[2])
        } catch let failure as GuardedProcess.Failure {
            // A group that may be made but not joined: the watch alone keeps the limit.
            if failure.step == .limits, group != nil { return try spawn(group: nil, streams) }
            throw sentence(failure)
        }
    }

    private func sentence(_ failure: GuardedProcess.Failure) -> LockstepError {
        let name = request.arguments.first ?? ""
        switch failure.step {
        case .program: break
        case .directory:
            return LockstepError(
                .notFound, "the program cannot start in \(request.directory ?? "/"): \(failure.reason)")
        case .isolation, .limits, .root, .user:
            return LockstepError(
                .io, "the program's surroundings cannot be made (\(failure.step)): \(failure.reason)")
        }
        let file = executable
        switch failure.number {
        case E2BIG: return CommandSize(request.arguments, request.environment).error
        case ENOENT where !name.contains("/"):
            let path = request.environment["PATH"] ?? ""
            return LockstepError(
                .notFound, "\(name) cannot be executed: it is in no folder of PATH (\(path))")
        case EACCES where file != nil:
            return file?.fault(search: "", isScript: false) ?? file?.denial ?? unnamed(failure)
        case ENOENT where (try? FileSystem.kind(of: locate(file?.path ?? name))) != .file:
            return LockstepError(.notFound, "\(name) cannot be executed: there is no such file")
        case ENOENT:
            return LockstepError(
                .notFound,
                "\(name) cannot be executed: its interpreter\(file?.interpreter ?? "") is not there")
        case ENOEXEC:
            return LockstepError(
                .configuration,
                "\(name) cannot be executed: it is neither a program of this machine nor begins with #!, the "
                    + "line that names its interpreter")
        default: return unnamed(failure)
        }
    }

    private func unnamed(_ failure: GuardedProcess.Failure) -> LockstepError {
        LockstepError(
            .configuration, "\(request.arguments.first ?? "") cannot be executed: \(failure.reason)")
    }

    /// What the command names by a path, or the script mode's own.
    private var executable: ExecutableFile? {
        guard let name = request.arguments.first, name.contains("/") else { return nil }
        let path = name.hasPrefix("/") ? name : "\(request.directory ?? "")/\(name)"
        return ExecutableFile(name, path: path, looksAround: imageRoot == nil, locate: locate)
    }

    /// A path of the program's as this process has it.
    private func locate(_ path: String) -> String {
        if path == base || path.hasPrefix(base + "/") { return tree + path.dropFirst(base.count) }
        return (imageRoot ?? "") + path
    }
}
