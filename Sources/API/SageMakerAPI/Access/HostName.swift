/// The host in a Host header, a URL or an option, without its port.
struct HostName: Equatable, Sendable {
    /// In lower case; an IPv6 address without brackets.
    let text: String

    /// - Parameter authority: `localhost:7460`, `10.0.0.1`, `[::1]:7460` or `::1`.
    init(_ authority: String) {
        var rest = Substring(authority.lowercased())
        if rest.hasPrefix("[") {
            rest = rest.dropFirst().prefix { $0 != "]" }
        } else if rest.filter({ $0 == ":" }).count == 1 {
            rest = rest.prefix { $0 != ":" }
        }
        // The absolute form of a name.
        if rest.hasSuffix(".") { rest = rest.dropLast() }
        text = String(rest)
    }

    /// Whether the name never leaves this machine.
    var isLoopback: Bool {
        if text == "localhost" || text == "::1" { return true }
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }
}
