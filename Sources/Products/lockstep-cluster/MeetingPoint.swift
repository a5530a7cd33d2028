import Collectives
import Diagnostics
import Foundation

/// The address at which the coordinator can be reached by every rank.
enum MeetingPoint {
    /// The coordinator's address and this rank's own. Collective.
    ///
    /// On one host that is 127.0.0.1. Over several, rank 0 listens on each of its addresses, and the
    /// first at which all others really arrive is taken: no interface has to be named.
    static func find(
        _ communicator: any Communicator
    ) throws -> (coordinator: SocketAddress, own: String) {
        let hosts = try communicator.allGather(Array(try hostIdentity().utf8))
        let spansHosts = hosts.contains { $0 != hosts[0] }
        let listeners =
            communicator.rank > 0
            ? [] : try (spansHosts ? SocketAddress.ownAddresses() : ["127.0.0.1"]).map(Listener.init)
        let offered = listeners.map { $0.address.description }.joined(separator: " ")
        let text = try communicator.broadcast(bytes: Array(offered.utf8), root: 0)
        let candidates = String(decoding: text, as: UTF8.self).split(separator: " ").compactMap {
            SocketAddress(String($0))
        }
        guard spansHosts else { return (candidates[0], candidates[0].host) }

        let locals = communicator.rank == 0 ? candidates.map(\.host) : candidates.map { $0.localEnd() }
        var reached = locals.map { Int16($0 == nil ? 0 : 1) }
        try communicator.barrier()
        // Another host may have an address of the same name: whoever answered there was not rank 0.
        for (index, listener) in listeners.enumerated() {
            if listener.arrivals(communicator.size - 1) < communicator.size - 1 { reached[index] = 0 }
        }
        try reached.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .min) }
        guard let best = reached.firstIndex(of: 1), let own = locals[best] else {
            throw LockstepError(
                .network,
                "no address of rank 0's host can be reached by every rank, of "
                    + (candidates.isEmpty ? "none" : candidates.map(\.host).joined(separator: ", ")))
        }
        return (candidates[best], own)
    }

    /// The same for two ranks only when a loopback connection links them: one machine, one network.
    private static func hostIdentity() throws -> String {
        let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        let network = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        return ProcessInfo.processInfo.hostName + boot + network
    }
}
