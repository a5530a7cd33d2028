import CMPI
import ClusterTypes
public import Collectives
import Diagnostics

/// The MPI world of this process, as a scope: set up before the body, finalized after it.
public enum MPIWorld {
    /// Runs `body` as one rank of the world that `mpirun` started, or of a world of one without it.
    ///
    /// Once per process, from the main thread; MPI cannot be set up twice. The body may use the
    /// communicator from any one thread at a time (`MPI_THREAD_SERIALIZED`). When it throws, one line
    /// `rank R, step S: CAUSE [CODE]` goes to standard error and every rank of the world ends at once with
    /// the error's exit status: no rank waits for one that is gone. Set the communicator's `step` for that.
    public static func run<Result>(_ body: (any Communicator) throws -> Result) -> Result {
        run(largestCount: 1 << 30, body)
    }

    /// - Parameter largestCount: elements in one MPI call at most.
    package static func run<Result>(
        largestCount: Int, _ body: (any Communicator) throws -> Result
    ) -> Result {
        let neededLevel = Int32(MPI_THREAD_SERIALIZED)
        var level: Int32 = 0
        let status = MPI_Init_thread(nil, nil, neededLevel, &level)
        var communicator: (any Communicator)?
        do {
            try MPIStatus.check(status, "MPI_Init_thread", rank: 0)
            for handle in [cmpi_comm_world(), cmpi_comm_self()] {
                let status = MPI_Comm_set_errhandler(handle, cmpi_errors_return())
                try MPIStatus.check(status, "MPI_Comm_set_errhandler", rank: 0)
            }
            let world = try MPICommunicator(largestCount: largestCount)
            communicator = world
            guard level >= neededLevel else {
                throw LockstepError(
                    .configuration,
                    "this MPI gives thread level \(level) where \(neededLevel) is needed; "
                        + "use one built with thread support")
            }
            let result = try body(world)
            try MPIStatus.check(MPI_Finalize(), "MPI_Finalize", rank: world.rank)
            return result
        } catch {
            report(error, communicator)
            end(communicator, code: (error as? LockstepError)?.code.exitCode ?? 70)
        }
    }

    private static func report(_ error: any Error, _ communicator: (any Communicator)?) {
        let code = (error as? LockstepError)?.code ?? .bug
        let report = RankReport(
            rank: communicator?.rank ?? 0, step: communicator?.step, code: code.rawValue,
            message: "\(error)")
        SupervisorReport.send(report.line)
    }

    private static func end(_ communicator: (any Communicator)?, code: Int32) -> Never {
        if let communicator { communicator.abort(code: code) }
        SoloCommunicator().abort(code: code)
    }
}
