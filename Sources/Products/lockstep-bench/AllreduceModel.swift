import Foundation

/// The time of one allreduce of floats, exact and MPI's own, from a few constants.
///
/// The usual model of collectives (Thakur, Rabenseifner and Gropp 2005): a message of n bytes takes
/// latency + n / bandwidth, a tree has ⌈log₂ P⌉ rounds, a ring 2 (P − 1). Nothing overlaps.
struct AllreduceModel {
    struct Network {
        var name: String
        /// Seconds of an empty message.
        var latency: Double
        var bytesPerSecond: Double
    }

    /// Seconds of one rank for one value.
    struct Arithmetic {
        /// Scan, quantize and restore.
        var exact: Double
        /// Adding two floats from memory.
        var add: Double

        var words: String {
            String(
                format: "measured: %.3f ns a value for scan, quantize and restore; %.3f ns to add floats",
                exact * 1e9, add * 1e9)
        }
    }

    var arithmetic: Arithmetic
    var network: Network
    /// Bytes of a ring's message between hosts; chunks hold one for each rank, up to 64 MiB.
    private let messageBytes = 1 << 22

    private func message(_ bytes: Double) -> Double { network.latency + bytes / network.bytesPerSecond }

    private func tree(_ bytes: Double, _ ranks: Int) -> Double {
        (log2(Double(ranks))).rounded(.up) * message(bytes)
    }

    private func ring(_ bytes: Double, _ ranks: Int) -> Double {
        2 * Double(ranks - 1) * message(bytes / Double(ranks))
    }

    /// MPI_Allreduce of MPI_FLOAT, by the better of tree and ring.
    func float(bytes: Int, ranks: Int) -> Double {
        let size = Double(bytes)
        let rounds = log2(Double(ranks)).rounded(.up)
        let byTree = tree(size, ranks) + rounds * size / 4 * arithmetic.add
        return min(byTree, ring(size, ranks) + size / 4 * arithmetic.add)
    }

    /// Exact: in chunks, each with an agreement on the exponents; `FixedPointSum` has the rules.
    func exact(bytes: Int, ranks: Int) -> Double {
        let chunk = min(messageBytes * max(ranks, 4), 1 << 26)
        var time = 0.0
        for start in stride(from: 0, to: bytes, by: chunk) {
            let size = Double(min(chunk, bytes - start))
            time += tree(size / 4 / 1024 * 2, ranks) + size / 4 * arithmetic.exact
            if size / 4 < 2048 * Double(ranks) {
                // MPI's allreduce of integers; they are added as fast as floats.
                time += float(bytes: Int(size), ranks: ranks)
            } else {
                time += ring(size, ranks) + size / 4 * arithmetic.add
            }
        }
        return time
    }

    func table(ranks: [Int], mebibytes: [Int]) -> String {
        let title = String(
            format: "%@: %.1f µs, %.2f GB/s", network.name, network.latency * 1e6,
            network.bytesPerSecond / 1e9)
        let rows = mebibytes.flatMap { size in
            ranks.map { world in
                let exact = exact(bytes: size << 20, ranks: world)
                let float = float(bytes: size << 20, ranks: world)
                return [
                    "\(size) MiB", "\(world)", String(format: "%.2f ms", float * 1e3),
                    String(format: "%.2f ms", exact * 1e3), String(format: "%.2f", exact / float),
                ]
            }
        }
        return ([title] + ([["size", "ranks", "float", "exact", "ratio"]] + rows).map(Self.line))
            .joined(separator: "\n")
    }

    private static func line(_ cells: [String]) -> String {
        cells.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }.joined()
    }
}
