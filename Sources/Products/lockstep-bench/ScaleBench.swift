import ArgumentParser
import CommandLineEntry
import Diagnostics

/// `lockstep-bench scale`: what an exact allreduce would cost in worlds larger than this machine.
struct ScaleBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Models the exact allreduce from measured constants to 1,000 ranks.",
        discussion: """
            Measures the arithmetic of one rank and a TCP connection over this machine's loopback, and puts \
            them into a formula. Everything but these constants is model, and other networks are assumptions.
            """)

    @Option(help: "Ranks, comma-separated.")
    var ranks = "2,8,32,128,512,1000"
    @Option(help: "Sizes in MiB, comma-separated.")
    var sizes = "1,16,256"

    func run() throws {
        let worlds = ranks.split(separator: ",").compactMap { Int($0) }
        let mebibytes = sizes.split(separator: ",").compactMap { Int($0) }
        guard !worlds.isEmpty, !mebibytes.isEmpty, worlds.allSatisfy({ $0 > 1 }),
            mebibytes.allSatisfy({ $0 > 0 })
        else {
            throw LockstepError(.usage, "--ranks must be at least 2 and --sizes at least 1")
        }
        let arithmetic = try ScaleMeasurement.arithmetic()
        let loopback = try LoopbackProbe.measure()
        let networks = [
            AllreduceModel.Network(
                name: "loopback TCP, measured", latency: loopback.latency,
                bytesPerSecond: loopback.bytesPerSecond),
            AllreduceModel.Network(name: "10 Gbit/s, 25 µs, assumed", latency: 25e-6, bytesPerSecond: 1.15e9),
            AllreduceModel.Network(name: "100 Gbit/s, 5 µs, assumed", latency: 5e-6, bytesPerSecond: 11.5e9),
        ]
        StandardStreams.output(arithmetic.words)
        for network in networks {
            let model = AllreduceModel(arithmetic: arithmetic, network: network)
            StandardStreams.output(model.table(ranks: worlds, mebibytes: mebibytes))
        }
    }
}
