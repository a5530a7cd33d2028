import Diagnostics
import HTTPTypes
import NIOCore

/// Keeps web pages out. A browser sends what a page tells it to also to this machine's own addresses; such
/// a request says where it is from, or, when the page had its own name resolved to this machine, names a
/// Host that is not ours.
struct SiteCheck {
    /// Names taken beside the address that was connected to, of which one may be the name listened on.
    let hostNames: [String]
    /// The address that the client connected to; `nil` within this process.
    let ownAddress: SocketAddress?

    /// - Throws: `APIFault` AccessDeniedException, or ValidationException where there is no one Host.
    func check(_ head: HTTPRequest) throws(APIFault) {
        guard let authority = head.authority, !authority.isEmpty, Self.field("Host", of: head) == nil else {
            throw APIFault.validation("The request needs one Host header", code: .usage)
        }
        let host = HostName(authority)
        guard isOurs(host) else {
            throw denied(
                "Host \(host.text.prefix(255)) is neither the address that was connected to nor a name of "
                    + "this API: use the address, or start the coordinator with --api-host")
        }
        if let origin = Self.field("Origin", of: head),
            origin.lowercased() != "http://\(authority)".lowercased()
        {
            throw denied(
                "The request is from a page of \(origin.prefix(255)), and pages may not call this API")
        }
        if let site = Self.field("Sec-Fetch-Site", of: head), site != "same-origin", site != "none" {
            throw denied("The request is from a page of another site, and pages may not call this API")
        }
    }

    private func isOurs(_ host: HostName) -> Bool {
        if hostNames.contains(where: { HostName($0) == host }) { return true }
        guard let ownAddress else { return host.isLoopback }
        if ownAddress.isLoopback, host.isLoopback { return true }
        guard var own = ownAddress.ipAddress else { return false }
        if own.lowercased().hasPrefix("::ffff:"), own.contains(".") { own = String(own.dropFirst(7)) }
        return HostName(own) == host
    }

    private func denied(_ message: String) -> APIFault {
        APIFault(type: "AccessDeniedException", status: 403, message: message, code: .denied)
    }

    private static func field(_ name: String, of head: HTTPRequest) -> String? {
        HTTPField.Name(name).flatMap { head.headerFields[$0] }
    }
}
