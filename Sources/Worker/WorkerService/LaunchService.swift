import ClusterTypes
import ControlChannel
import Diagnostics
import Foundation
import Glibc
import Logging
import Processes
import ProgramContract
import Wire

/// Runs on this node what a launch agent on the gang's first node asks for: Open MPI's daemon, with
/// this worker's environment. When the agent goes, everything it started here goes too.
struct LaunchService {
    let configuration: WorkerConfiguration
    /// Tells clusters on one machine apart.
    let cluster: String
    let hotStates: HotStateFolder
    let logger: Logger

    private static let pollInterval = Duration.milliseconds(20)

    func serve(_ peer: ControlPeer, _ inbox: inout ControlInbox) async throws {
        guard case .run(let attempt, let command, let asJobUser) = try await inbox.next() else {
            throw LockstepError(.network, "\(peer.address) sent no command to run")
        }
        let user = asJobUser ? try configuration.user(of: attempt.job) : nil
        if let user {
            try configuration.rooms?.open(attempt, for: user, hotStates: [hotStates.folder(attempt.job)])
        }
        let session = SessionFolder(attempt, cluster: cluster)
        _ = session.create(for: user)
        defer { session.remove() }
        let remote = try RemoteCommand(command, environment(attempt, user), user)
        logger.info("launch agent served", metadata: ["attempt": "\(attempt)", "pid": "\(remote.pid)"])
        peer.send(.started(pid: UInt32(remote.pid)))
        async let following: Void = follow(remote, peer)
        // A launch agent says nothing more; the end of its connection means the end of the gang.
        do { while try await inbox.next() != nil {} } catch {}
        remote.end()
        await following
        if user != nil { configuration.rooms?.close(attempt) }
    }

    private func environment(_ attempt: AttemptID, _ user: JobUser?) throws -> [String: String] {
        // A script's runner starts as root, but what it hands on is for the job's user all the same.
        var environment = configuration.environment(for: try configuration.user(of: attempt.job))
        environment[WorkerSettings.variable] = configuration.settingsFile
        if let user {
            environment.merge(user.variables) { $1 }
            environment["TMPDIR"] = configuration.rooms?.work(attempt)
        } else if geteuid() == 0 {
            environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
            environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        }
        return environment
    }

    private func follow(_ remote: RemoteCommand, _ peer: ControlPeer) async {
        while true {
            for (descriptor, data) in remote.output() {
                peer.send(.output(descriptor: descriptor, data: data))
            }
            if let status = remote.reap() {
                for (descriptor, data) in remote.output() {
                    peer.send(.output(descriptor: descriptor, data: data))
                }
                peer.send(.exited(status: status))
                break
            }
            // The connection's end cancels nothing here: the process has to be reaped.
            try? await Task.sleep(for: Self.pollInterval)
        }
        peer.close()
        remote.close()
    }
}

/// A command of a launch agent: a shell in a session of its own.
private struct RemoteCommand: Sendable {
    let pid: Int32
    private let pipes: [(number: UInt32, descriptor: Int32)]

    init(_ command: String, _ environment: [String: String], _ user: JobUser?) throws {
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let output = try ChildProcess.pipe()
        let error = try ChildProcess.pipe()
        defer { for descriptor in [null, output.write, error.write] { Glibc.close(descriptor) } }
        pid = try ChildProcess.spawn(
            ["/bin/sh", "-c", command], environment: environment, directory: "/",
            input: null, output: output.write, error: error.write, newSession: true, user: user,
            keepsNamespaces: true)
        pipes = [(1, output.read), (2, error.read)]
        for pipe in pipes { _ = fcntl(pipe.descriptor, F_SETFL, O_NONBLOCK) }
    }

    func output() -> [(UInt32, [UInt8])] {
        pipes.compactMap { pipe in
            var bytes = [UInt8](repeating: 0, count: 32 << 10)
            let count = read(pipe.descriptor, &bytes, bytes.count)
            return count > 0 ? (pipe.number, Array(bytes[..<count])) : nil
        }
    }

    func reap() -> Int32? {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == pid ? ChildProcess.shellStatus(status) : nil
    }

    func end() { ProcessTable.signal(SIGKILL, session: pid, marker: nil) }

    func close() { for pipe in pipes { Glibc.close(pipe.descriptor) } }
}
