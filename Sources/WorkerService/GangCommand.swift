import Glibc
import Wire

/// The `mpirun` that starts a gang: its words and its environment, as a pure function of the plan.
package struct GangCommand: Sendable, Equatable {
    package var arguments: [String]
    package var environment: [String: String]

    /// Tells the processes of an attempt from all others of the node.
    package static let marker = "LOCKSTEP_ATTEMPT_DIR"

    /// - Parameters:
    ///   - inherited: the environment of the supervisor; what an outer MPI put there is left out.
    ///   - isRoot: whether Open MPI has to be told that root may run it.
    package init(_ plan: LaunchPlan, folder: AttemptFolder, inherited: [String: String], isRoot: Bool) {
        var environment = Self.scrub(inherited)
        for variable in plan.environment where !Self.isReserved(variable.name) {
            environment[variable.name] = variable.value
        }
        environment["OPENBLAS_NUM_THREADS"] = "1"
        environment[Self.marker] = folder.path
        var words = [
            "mpirun", "-n", "\(plan.world)",
            // A dead rank shall cost milliseconds, not Open MPI's second of politeness.
            "--mca", "odls_base_sigkill_timeout", "0",
            "--mca", "plm_rsh_no_tree_spawn", "1",
            "--mca", "plm_rsh_agent", "\(plan.daemonProgram) launch-agent",
            "--bind-to", "none", "--oversubscribe", "--tag-output",
        ]
        let hosts = Self.hosts(plan)
        if hosts.count > 1 {
            words += ["--host", hosts.map { "\($0.address):\($0.ranks)" }.joined(separator: ",")]
        }
        var exported = plan.environment.map(\.name).filter { !Self.isReserved($0) }
        exported += ["OPENBLAS_NUM_THREADS", Self.marker]
        exported += ["PATH", "LD_LIBRARY_PATH"].filter { environment[$0] != nil }
        for name in Set(exported).sorted() { words += ["-x", name] }
        if isRoot {
            environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
            environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        }
        words += [plan.trainProgram, folder.jobFile, "--attempt-dir", folder.path]
        arguments = words
        self.environment = environment
    }

    /// `environment` without what an MPI world around this process left in it.
    package static func scrub(_ environment: [String: String]) -> [String: String] {
        environment.filter { !isReserved($0.key) }
    }

    private static func isReserved(_ name: String) -> Bool {
        ["OMPI_", "PMIX_", "PMI_", "PRTE_", "ORTE_"].contains { name.hasPrefix($0) } || name == marker
    }

    /// One entry a node, in the order of the ranks; workers that share an address are one node.
    private static func hosts(_ plan: LaunchPlan) -> [(address: String, ranks: Int)] {
        var hosts: [(address: String, ranks: Int)] = []
        for member in plan.gang {
            if let index = hosts.firstIndex(where: { $0.address == member.address }) {
                hosts[index].ranks += member.ranks
            } else {
                hosts.append((member.address, member.ranks))
            }
        }
        return hosts
    }
}
