import CProcess
package import Diagnostics
import Glibc

/// Starting other programs.
package enum ChildProcess {
    /// Starts a program with exactly the given environment and descriptors.
    ///
    /// - Parameters:
    ///   - arguments: the program first; it is looked up in PATH when it has no slash.
    ///   - newSession: whether it shall survive what happens to this process.
    ///   - diesWithParent: whether it shall be killed when the calling thread is gone.
    ///   - user: as whom; `nil`: as this process.
    ///   - keepsNamespaces: whether a restricted user's program may make mounts of its own.
    ///   - path: the file to run, where it is not what `arguments` begins with.
    /// - Throws: `.io` naming the program and the system's reason.
    package static func spawn(
        _ arguments: [String], environment: [String: String], directory: String? = nil,
        input: Int32, output: Int32, error: Int32, newSession: Bool = false, diesWithParent: Bool = false,
        user: JobUser? = nil, keepsNamespaces: Bool = false, path: String? = nil
    ) throws -> Int32 {
        guard let program = path ?? arguments.first else { preconditionFailure("a command has a program") }
        var flags: UInt32 = 0
        if newSession { flags |= UInt32(CPROCESS_NEW_SESSION) }
        if diesWithParent { flags |= UInt32(CPROCESS_DIES_WITH_PARENT) }
        if keepsNamespaces { flags |= UInt32(CPROCESS_KEEPS_NAMESPACES) }
        var pid: Int32 = 0
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        let failure = withCStrings(arguments) { argv in
            withCStrings(variables) { envp in
                JobUser.withPointer(user) { user in
                    cprocess_spawn(
                        program, argv, envp, directory, input, output, error, flags, user, &pid)
                }
            }
        }
        guard failure == 0 else {
            throw LockstepError(
                .io, "cannot start \(program): \(String(cString: strerror(failure)))")
        }
        return pid
    }

    /// Makes this process another program.
    ///
    /// - Returns: why it did not become one: there is no other return.
    package static func replace(
        _ name: String, _ arguments: [String], environment: [String: String]
    ) -> LockstepError {
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        let path =
            name.contains("/") ? name : Executable.find(name, search: environment["PATH"] ?? "") ?? name
        withCStrings(arguments) { argv in withCStrings(variables) { envp in _ = execve(path, argv, envp) } }
        let number = errno
        return LockstepError(
            number == ENOENT ? .notFound : .configuration,
            "cannot start \(name): \(String(cString: strerror(number)))")
    }

    /// A pipe whose ends are closed on exec.
    package static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard cprocess_pipe(&ends) == 0 else {
            throw LockstepError(.io, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }

    /// Exit status, or 128 + signal, of a status that `waitpid` gave.
    package static func shellStatus(_ status: Int32) -> Int32 {
        let signal = cprocess_ending_signal(status)
        return signal > 0 ? 128 + signal : cprocess_exit_status(status)
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }
}
