import CProcess
import Diagnostics
import Glibc

/// A program below a guardian (`cprocess_guard`): whatever it starts stays findable, and all of it ends
/// when the process that started it does.
package struct GuardedProcess: Sendable {
    /// The namespaces that a program gets for its own.
    package struct Namespaces: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }
        package static let user = Self(rawValue: UInt32(CPROCESS_IN_USER_NAMESPACE))
        package static let mount = Self(rawValue: UInt32(CPROCESS_IN_MOUNT_NAMESPACE))
        package static let pid = Self(rawValue: UInt32(CPROCESS_IN_PID_NAMESPACE))
        package static let uts = Self(rawValue: UInt32(CPROCESS_IN_UTS_NAMESPACE))
    }

    /// Something that the program sees at `target`, and nobody else.
    package enum Mount: Sendable, Equatable {
        case bind(_ source: String, _ target: String)
        case readOnly(_ source: String, _ target: String)
        /// The processes of the program's own PID namespace.
        case processes(_ target: String)
        /// Memory; `options` as `mount -o` takes them.
        case memory(_ target: String, options: String)
    }

    /// What to start and how. Without arguments everything but the program is tried.
    package struct Request: Sendable {
        package var arguments: [String] = []
        package var environment: [String: String] = [:]
        package var directory: String?
        package var namespaces: Namespaces = []
        package var hostName: String?
        package var mounts: [Mount] = []
        /// Folder that becomes the program's root, after the mounts.
        package var root: String?
        /// Control group that the program joins.
        package var controlGroup: String?
        /// Cores it may use; empty: all.
        package var cores: [Int32] = []
        /// RLIMIT_FSIZE; `nil`: as it is.
        package var fileBytesMax: Int?
        /// As whom; `nil`: as the caller.
        package var user: JobUser?
        /// Whether it loses what `cprocess_restrict` takes.
        package var isRestricted = false
        package init() {}
    }

    /// Why a program did not start: the step, the system's reason, and the mount in question.
    package struct Failure: Error, Sendable {
        package enum Step: Sendable { case isolation, limits, root, user, directory, program }
        package var step: Step
        package var number: Int32
        package var mount: Mount?
        package var reason: String { String(cString: strerror(number)) }
    }

    package let guardian: Int32
    /// Readable when the program has ended (its status as `waitpid` gives it) or the guardian is gone.
    package let status: Int32
    private let lifeline: Int32

    /// - Throws: `Failure`; nothing is left running then.
    package init(_ request: Request, input: Int32, output: Int32, error: Int32) throws {
        let strings = CStrings()
        var program = cprocess_guarded()
        if !request.arguments.isEmpty { program.argv = strings.list(request.arguments) }
        program.envp = strings.list(request.environment.map { "\($0.key)=\($0.value)" }.sorted())
        program.search = strings.text(request.environment["PATH"])
        program.directory = strings.text(request.directory)
        (program.input, program.output, program.error) = (input, output, error)
        program.namespaces = request.namespaces.rawValue
        program.host_name = strings.text(request.hostName)
        program.root = strings.text(request.root)
        program.cgroup = strings.text(request.controlGroup)
        program.file_size_max = Int64(request.fileBytesMax ?? 0)
        program.is_restricted = request.isRestricted ? 1 : 0
        var (guardian, status, lifeline): (Int32, Int32, Int32) = (0, -1, -1)
        var failure = cprocess_failure()
        let mounts = request.mounts.map { strings.mount($0) }
        let result = mounts.withUnsafeBufferPointer { mounts in
            request.cores.withUnsafeBufferPointer { cores in
                (program.mounts, program.mount_count) = (mounts.baseAddress, Int32(mounts.count))
                (program.cores, program.core_count) = (cores.baseAddress, Int32(cores.count))
                return withExtendedLifetime(strings) {
                    JobUser.withPointer(request.user) { user in
                        program.user = user
                        return cprocess_guard(&program, &guardian, &status, &lifeline, &failure)
                    }
                }
            }
        }
        guard result == 0 else {
            let index = Int(failure.index)
            let isMount = failure.step == CPROCESS_STEP_MOUNT && request.mounts.indices.contains(index)
            throw Failure(
                step: Self.step(Int(failure.step)), number: failure.number,
                mount: isMount ? request.mounts[index] : nil)
        }
        (self.guardian, self.status, self.lifeline) = (guardian, status, lifeline)
    }

    /// The program's status, once `status` is readable; `nil` when the guardian is gone without a word.
    package func readStatus() -> Int32? {
        var value: Int32 = 0
        let size = MemoryLayout<Int32>.size
        while true {
            let count = read(status, &value, size)
            if count < 0, errno == EINTR { continue }
            return count == size ? value : nil
        }
    }

    /// Lets the descriptors go; call once the guardian is gone. A guardian that is still there kills
    /// everything below it.
    package func close() {
        Glibc.close(status)
        Glibc.close(lifeline)
    }

    private static func step(_ number: Int) -> Failure.Step {
        switch number {
        case Int(CPROCESS_STEP_CGROUP), Int(CPROCESS_STEP_CORES), Int(CPROCESS_STEP_LIMIT): .limits
        case Int(CPROCESS_STEP_ROOT): .root
        case Int(CPROCESS_STEP_USER): .user
        case Int(CPROCESS_STEP_DIRECTORY): .directory
        case Int(CPROCESS_STEP_EXEC): .program
        default: .isolation
        }
    }
}

/// Owns the C strings of one call.
private final class CStrings {
    private var texts: [UnsafeMutablePointer<CChar>] = []
    private var lists: [UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>] = []

    deinit {
        for text in texts { free(text) }
        for list in lists { list.deallocate() }
    }

    func text(_ string: String?) -> UnsafePointer<CChar>? {
        guard let string, let copy = strdup(string) else { return nil }
        texts.append(copy)
        return UnsafePointer(copy)
    }

    func list(_ strings: [String]) -> UnsafePointer<UnsafeMutablePointer<CChar>?> {
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            list.advanced(by: index).initialize(to: UnsafeMutablePointer(mutating: text(string)))
        }
        list.advanced(by: strings.count).initialize(to: nil)
        lists.append(list)
        return UnsafePointer(list)
    }

    func mount(_ mount: GuardedProcess.Mount) -> cprocess_mount {
        switch mount {
        case .bind(let source, let target):
            cprocess_mount(
                kind: Int32(CPROCESS_BIND), source: text(source), target: text(target), data: nil)
        case .readOnly(let source, let target):
            cprocess_mount(
                kind: Int32(CPROCESS_BIND_READ_ONLY), source: text(source), target: text(target), data: nil)
        case .processes(let target):
            cprocess_mount(kind: Int32(CPROCESS_PROC), source: nil, target: text(target), data: nil)
        case .memory(let target, let options):
            cprocess_mount(
                kind: Int32(CPROCESS_TMPFS), source: nil, target: text(target), data: text(options))
        }
    }
}
