import ArgumentParser

struct AllreduceBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allreduce", abstract: "Exact allreduce against MPI_Allreduce of floats.")
}
