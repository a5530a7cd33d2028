import CProcess
import ClusterTypes
import ControlChannel
import Diagnostics
import Foundation
import Glibc
import Storage
import Wire

/// What `mpirun` calls in place of ssh: asks the worker of another node to run a command there.
package enum LaunchAgent {
    /// Variable that names the folder where a supervisor is to be asked.
    package static var doorVariable: String { LaunchDoor.variable }

    /// Has the supervisor run `words` on `host`: what a gang of another user than the worker does.
    ///
    /// - Parameter folder: where the supervisor's socket is.
    /// - Returns: the command's exit status.
    package static func ask(host: String, words: [String], folder: String) throws -> Int32 {
        _ = cprocess_die_with_parent()
        let connection = cprocess_connect(folder, LaunchDoor.socketName)
        guard connection >= 0 else { throw LockstepError.system("reach the supervisor in", folder) }
        let bytes = Array(([host] + words).joined(separator: "\0").utf8)
        guard cprocess_send_streams(connection, bytes, bytes.count, [1, 2]) == 0 else {
            throw LockstepError.system("ask the supervisor in", folder)
        }
        var status: UInt8 = 0
        while true {
            let count = read(connection, &status, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else {
                throw LockstepError(.network, "the supervisor did not run anything on \(host)")
            }
            return Int32(status)
        }
    }

    /// Runs `words` on `host`.
    ///
    /// - Parameter folder: the attempt's folder, with `launch.json` in it.
    /// - Returns: the command's exit status.
    package static func run(host: String, words: [String], folder: String) async throws -> Int32 {
        _ = cprocess_die_with_parent()
        if ProcessInfo.processInfo.environment[LaunchDoor.served] != nil { endWithInput() }
        let plan = try AttemptFolder.plan(path: folder)
        guard let member = plan.gang.first(where: { GangHosts.isSame(host, $0.address) }) else {
            throw LockstepError(.notFound, "no worker of attempt \(plan.attempt) has the address \(host)")
        }
        let command = words.joined(separator: " ")
        return try await ControlClient.withConnection(
            host: member.address, port: member.launchPort, token: ControlToken(file: plan.tokenFile),
            peer: "worker \(member.worker) at \(member.address):\(member.launchPort)"
        ) { peer, inbox in
            let asJobUser = try plan.user() != nil && plan.gangRunsAsUser
            peer.send(.run(plan.attempt, command: command, asJobUser: asJobUser))
            while let message = try await inbox.next() {
                switch message {
                case .output(let descriptor, let data): write(data, to: Int32(descriptor))
                case .exited(let status): return status
                default: break
                }
            }
            throw LockstepError(.network, "worker \(member.worker) closed the connection of its launch agent")
        }
    }

    /// The agent that this one speaks for is the other end of standard input.
    private static func endWithInput() {
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                // The connection does not block: the supervisor shares it.
                var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
                poll(&input, 1, -1)
                let count = read(0, &byte, 1)
                if count > 0 || (count < 0 && [EINTR, EAGAIN].contains(errno)) { continue }
                exit(1)
            }
        }
    }

    private static func write(_ data: [UInt8], to descriptor: Int32) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
