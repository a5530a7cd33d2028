import Collectives
import Foundation
import MPICollectives
import Testing

/// Whether this process is a rank that mpirun started.
let isInWorld = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"] != nil

/// What a real MPI world must do. One test, because a process can set MPI up only once.
@Suite(.enabled(if: isInWorld, "scripts/test-mpi runs these checks under mpirun"))
struct MPIWorldTests {
    @Test("Collectives and exact sums are right in this world")
    func world() {
        // Eleven elements a call, so that every buffer takes several.
        MPIWorld.run(largestCount: 11) { communicator in
            try CommunicatorChecks(communicator).run()
            try ExactSumChecks(communicator).run()
            try communicator.barrier()
        }
    }
}
