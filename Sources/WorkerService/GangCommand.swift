import ClusterTypes
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
        var words = Self.launcher(plan)
        var exported = plan.environment.map(\.name).filter { !Self.isReserved($0) }
        exported += ["OPENBLAS_NUM_THREADS", Self.marker]
        exported += ["PATH", "LD_LIBRARY_PATH"].filter { environment[$0] != nil }
        let exports = Set(exported).sorted().flatMap { ["-x", $0] }
        if isRoot {
            environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
            environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        }
        // One application context a worker: each tells its ranks where they are.
        for (index, member) in plan.gang.enumerated() {
            if index > 0 { words.append(":") }
            words += ["-n", "\(member.ranks)"]
            if !Self.isOneNode(plan) { words += ["--host", "\(member.address):\(member.ranks)"] }
            words += exports + Self.rank(plan, member, folder)
        }
        arguments = words
        self.environment = environment
    }

    /// `mpirun` and what it is to do; the words for the same differ between Open MPI 4 and 5.
    private static func launcher(_ plan: LaunchPlan) -> [String] {
        let agent = "\(plan.daemonProgram) launch-agent"
        let network = isOneNode(plan) ? nil : GangNetwork.smallest(holding: plan.gang.map(\.address))
        var words = ["mpirun", "--bind-to", "none"]
        // A dead rank shall cost milliseconds, not Open MPI's second of politeness.
        if plan.launcherVersion >= 5 {
            words += ["--prtemca", "odls_base_sigkill_timeout", "0", "--prtemca", "plm_ssh_no_tree_spawn", "1"]
            words += ["--prtemca", "plm_ssh_agent", agent, "--map-by", ":OVERSUBSCRIBE", "--output", "tag"]
            if plan.mayShrink { words += ["--with-ft", "ulfm"] }
            if let network {
                words += ["--mca", "btl_tcp_if_include", network, "--prtemca", "prte_if_include", network]
            }
        } else {
            words += ["--mca", "odls_base_sigkill_timeout", "0", "--mca", "plm_rsh_no_tree_spawn", "1"]
            words += ["--mca", "plm_rsh_agent", agent, "--oversubscribe", "--tag-output"]
            if let network {
                words += ["--mca", "btl_tcp_if_include", network, "--mca", "oob_tcp_if_include", network]
            }
        }
        return words
    }

    /// The program of a member's ranks.
    private static func rank(_ plan: LaunchPlan, _ member: GangMember, _ folder: AttemptFolder) -> [String] {
        var words = [
            plan.trainProgram, folder.jobFile, "--attempt-dir", folder.path, "--worker",
            member.worker.rawValue,
        ]
        if !member.hotStateFolder.isEmpty { words += ["--hot-state", member.hotStateFolder] }
        if plan.gang.contains(where: \.isKeeper) { words.append("--keeper") }
        if plan.mayShrink { words += ["--min-ranks", "\(plan.minimumRanks)"] }
        return words
    }

    /// `environment` without what an MPI world around this process left in it.
    package static func scrub(_ environment: [String: String]) -> [String: String] {
        environment.filter { !isReserved($0.key) }
    }

    private static func isReserved(_ name: String) -> Bool {
        ["OMPI_", "PMIX_", "PMI_", "PRTE_", "ORTE_"].contains { name.hasPrefix($0) } || name == marker
    }

    /// Whether all of the gang's workers share an address, so that `mpirun` reaches no other node.
    private static func isOneNode(_ plan: LaunchPlan) -> Bool {
        Set(plan.gang.map(\.address)).count <= 1
    }
}
