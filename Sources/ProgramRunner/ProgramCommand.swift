import Diagnostics
import Foundation
import Glibc
import Processes
import ProgramContract
import SageMakerShapes

/// The command of a program, ready to be started.
struct ProgramCommand {
    private var request: GuardedProcess.Request
    private let imageRoot: String?
    private let memoryBytes: Int?

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
        var words = plan.request.algorithmSpecification?.containerEntrypoint ?? []
        var directory = host.base + "/code"
        if words.isEmpty {
            let launcher = try ScriptLauncher(plan, rank: rank, base: host.base, cores: host.limits.threads)
            try launcher.unpackCode(into: host.tree.base + "/code")
            if let user = host.user { try host.tree.give(to: user) }
            let modules = [launcher.environment, added].compactMap { $0["PYTHONPATH"] }
            environment.added.merge(launcher.environment) { $1 }
            if !modules.isEmpty { environment.added["PYTHONPATH"] = modules.joined(separator: ":") }
            (words, directory) = (launcher.arguments, launcher.directory)
        } else {
            words += plan.request.algorithmSpecification?.containerArguments ?? []
        }
        let variables = environment.variables(plan, rank: rank)
        let isApart =
            plan.kind != .mpi
            && HostIsolation.hidesTemporaryFolder(
                words + [directory] + (plan.request.hyperParameters ?? [:]).values, environment: variables,
                own: plan.request.environment ?? [:])
        environment.hasOwnTemporaryFolder = host.isolation.usesMounts && (isApart || plan.imageRoot != nil)
        request = host.request(apart: isApart)
        request.arguments = words
        request.environment = environment.variables(plan, rank: rank)
        request.directory = directory
        imageRoot = plan.imageRoot
        memoryBytes = host.limits.memoryBytes
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
        let root = imageRoot ?? ""
        switch failure.number {
        case ENOENT where name.hasPrefix("/") && FileManager.default.fileExists(atPath: root + name):
            return LockstepError(
                .notFound,
                "\(name) cannot be executed: its interpreter\(interpreter(root + name)) is not there")
        case ENOENT where name.contains("/"):
            return LockstepError(.notFound, "\(name) cannot be executed: there is no such file")
        case ENOENT:
            let path = request.environment["PATH"] ?? ""
            return LockstepError(
                .notFound, "\(name) cannot be executed: it is in no folder of PATH (\(path))")
        case EACCES:
            return LockstepError(
                .denied, "\(name) cannot be executed: it, or its interpreter, is not executable")
        case ENOEXEC:
            return LockstepError(
                .configuration,
                "\(name) cannot be executed: it is neither a program of this machine nor begins with #!")
        default:
            return LockstepError(.configuration, "\(name) cannot be executed: \(failure.reason)")
        }
    }

    private func interpreter(_ path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 256),
            head.starts(with: Array("#!".utf8))
        else { return "" }
        let line = head.dropFirst(2).prefix { $0 != 0x0A }
        return " " + String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
}
