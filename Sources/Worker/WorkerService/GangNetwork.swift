/// The network that a gang's nodes share, for Open MPI, which would otherwise try every interface it finds:
/// two nodes that both run a container engine have the same bridge address, and wait for each other on it.
package enum GangNetwork {
    /// Networks wider than this could hold interfaces that have nothing to do with the gang.
    private static let widestPrefix = 8

    /// The smallest IPv4 network that holds all `addresses`, as in `10.0.3.0/28`.
    ///
    /// Every node has an interface in it: the one of its own address.
    /// - Returns: `nil` when one of them is no IPv4 address, or when they have too little in common.
    package static func smallest(holding addresses: [String]) -> String? {
        let numbers = addresses.compactMap(number)
        guard let first = numbers.first, numbers.count == addresses.count else { return nil }
        let difference = numbers.reduce(0) { $0 | ($1 ^ first) }
        let prefix = difference.leadingZeroBitCount
        guard prefix >= widestPrefix else { return nil }
        let network = prefix == 32 ? first : first & ~(UInt32.max >> UInt32(prefix))
        let bytes = [24, 16, 8, 0].map { "\(network >> UInt32($0) & 255)" }
        return bytes.joined(separator: ".") + "/\(prefix)"
    }

    private static func number(_ address: String) -> UInt32? {
        let bytes = address.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard bytes.count == 4 else { return nil }
        return bytes.reduce(UInt32?(0)) { sum, byte in
            byte.flatMap { byte in sum.map { $0 << 8 | UInt32(byte) } }
        }
    }
}
