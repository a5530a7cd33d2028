package import Diagnostics
import Glibc

/// What the nodes of a gang are called when `mpirun` is told of them: by their IPv4 addresses.
///
/// Open MPI cuts names at the first dot and takes `gpu.a.example` and `gpu.b.example` for one machine, and it
/// takes the colons of an IPv6 address for the beginning of a number of slots.
package enum GangHosts {
    /// The IPv4 address of a node; 127.0.0.1 for all of the loopback network.
    ///
    /// - Throws: `.usage` for a name that has none, with the reason.
    package static func address(of node: String) throws(LockstepError) -> String {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(node, nil, &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard failure == 0, let first = found?.pointee.ai_addr else {
            throw LockstepError(
                .usage,
                "the address \(PrintableText.escaped(node)) is no IPv4 address and no name of one"
                    + " (\(String(cString: gai_strerror(failure)))): Open MPI reaches nodes by IPv4, so start"
                    + " the worker with another --address")
        }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        getnameinfo(
            first, socklen_t(MemoryLayout<sockaddr_in>.size), &text, socklen_t(text.count), nil, 0,
            NI_NUMERICHOST)
        let number = text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? node }
        // Every one of them is this machine, though no interface has most of them.
        return number.hasPrefix("127.") ? "127.0.0.1" : number
    }

    /// Whether a word of `mpirun` means that node.
    static func isSame(_ word: String, _ node: String) -> Bool {
        word == node || (try? address(of: node)) == word
    }
}
