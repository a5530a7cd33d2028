import CProcess
import ClusterTypes
import ControlChannel
import Diagnostics
import Foundation
import Glibc
import Wire

/// What `mpirun` calls in place of ssh: asks the worker of another node to run a command there.
package enum LaunchAgent {
    /// Runs `words` on `host`.
    ///
    /// - Parameter folder: the attempt's folder, with `launch.json` in it.
    /// - Returns: the command's exit status.
    package static func run(host: String, words: [String], folder: String) async throws -> Int32 {
        _ = cprocess_die_with_parent()
        let plan = try AttemptFolder.plan(path: folder)
        guard let member = plan.gang.first(where: { GangHosts.isSame(host, $0.address) }) else {
            throw LockstepError(.notFound, "no worker of attempt \(plan.attempt) has the address \(host)")
        }
        let command = words.joined(separator: " ")
        return try await ControlClient.withConnection(
            host: member.address, port: member.launchPort, token: ControlToken(file: plan.tokenFile),
            peer: "worker \(member.worker) at \(member.address):\(member.launchPort)"
        ) { peer, inbox in
            peer.send(.run(plan.attempt, command: command))
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
