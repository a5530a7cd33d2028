import ArgumentParser
import CommandLineEntry
import Diagnostics

@main
struct LockstepBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstep-bench",
        abstract: "Measures Lockstep as ratios against a named peer or limit in the same run.",
        version: LockstepVersion.current,
        subcommands: [
            AllreduceBench.self, CSVBench.self, TrainBench.self, CheckpointBench.self, StartBench.self,
            HotStateBench.self, ChaosBench.self, RecoveryBench.self, SchedulerBench.self, ScaleBench.self,
            SoakBench.self, APIBench.self,
        ])
    static func main() { runAsProgram() }
}
