import ClusterTypes
import Glibc
import Processes
import Wire

/// The `mpirun` that starts a gang: its words and its environment, as a pure function of the plan.
package struct GangCommand: Sendable, Equatable {
    package var arguments: [String]
    package var environment: [String: String]
    /// The file of `mpirun`, looked for in the worker's PATH alone.
    package var program: String?

    /// Tells the processes of an attempt from all others of the node.
    package static let marker = AttemptFiles.variable

    /// - Parameters:
    ///   - inherited: the environment of the supervisor; what an outer MPI put there is left out.
    ///   - isRoot: whether Open MPI has to be told that root may run it.
    ///   - hosts: what `mpirun` is to call the members' nodes (`GangHosts`), by their addresses.
    ///   - session: folder for Open MPI's own files (`SessionFolder`); `nil`: where it likes.
    package init(
        _ plan: LaunchPlan, folder: AttemptFolder, inherited: [String: String], isRoot: Bool,
        hosts: [String: String] = [:], session: String? = nil
    ) {
        var environment = Self.scrub(inherited)
        program = Executable.find("mpirun", search: inherited["PATH"] ?? Self.defaultPath)
        let given = Self.given(plan)
        environment.merge(given) { $1 }
        environment["OPENBLAS_NUM_THREADS"] = "1"
        environment[Self.marker] = folder.path
        let nodes = plan.gang.map { hosts[$0.address] ?? $0.address }
        var words = Self.launcher(plan, nodes, session)
        var exported = given.map(\.key)
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
            if Set(nodes).count > 1 { words += ["--host", "\(nodes[index]):\(member.ranks)"] }
            words += exports + Self.rank(plan, member, plan.rankFolder(folder))
        }
        arguments = words
        self.environment = environment
    }

    private static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

    /// What of the job's Environment `mpirun` passes on to the ranks: nothing that could steer it, a shell,
    /// the loader or the ranks' own MPI. A program of the job's own gets all of it, in one variable that
    /// `lockstepd run-rank` takes apart once it is the rank's turn.
    private static func given(_ plan: LaunchPlan) -> [String: String] {
        let all = Dictionary(plan.environment.map { ($0.name, $0.value) }) { $1 }
        if plan.ownProgram?.command != nil {
            return RankEnvironment.packed(all.filter { !isReserved($0.key) })
        }
        guard plan.ownProgram == nil else { return [:] }
        return all.filter { RankEnvironment.isOfRuntime($0.key) && !isReserved($0.key) }
    }

    /// `mpirun` and what it is to do; the words for the same differ between Open MPI 4 and 5.
    private static func launcher(_ plan: LaunchPlan, _ nodes: [String], _ session: String?) -> [String] {
        let isNew = plan.launcherVersion >= 5
        let option = isNew ? "--prtemca" : "--mca"
        let shell = isNew ? "ssh" : "rsh"
        var words = ["mpirun", "--bind-to", "none"]
        // A dead rank shall cost milliseconds, not Open MPI's second of politeness; programs get a
        // moment to end.
        let isScript = plan.ownProgram?.isScript == true
        words += [option, "odls_base_sigkill_timeout", isScript ? "2" : "0"]
        // Inside an allocation mpirun would take Slurm's launcher, and go past the workers.
        words += [option, "plm", shell, option, "plm_\(shell)_no_tree_spawn", "1"]
        words += [option, "plm_\(shell)_agent", "\(plan.daemonProgram) launch-agent"]
        words +=
            isNew ? ["--map-by", ":OVERSUBSCRIBE", "--output", "tag"] : ["--oversubscribe", "--tag-output"]
        if plan.mayShrink { words += ["--with-ft", "ulfm"] }
        if let session {
            words += [option, isNew ? "prte_tmpdir_base" : "orte_tmpdir_base", session]
            words += ["--mca", isNew ? "btl_sm_backing_directory" : "btl_vader_backing_directory", session]
        }
        guard Set(nodes).count > 1 else { return words }
        // Open MPI's daemons stay what the launch agents wait for: an agent that is gone, or whose node is
        // cut off, takes the daemon with it.
        words += ["--leave-session-attached", option, "plm_\(shell)_num_concurrent", "\(plan.gang.count)"]
        if let network = GangNetwork.smallest(holding: nodes) {
            words += ["--mca", "btl_tcp_if_include", network]
            words += [option, isNew ? "prte_if_include" : "oob_tcp_if_include", network]
        }
        return words
    }

    /// The program of a member's ranks.
    private static func rank(_ plan: LaunchPlan, _ member: GangMember, _ folder: AttemptFolder) -> [String] {
        if let planFile = plan.ownProgram?.planFile {
            return [plan.daemonProgram, "run-program", planFile, "--worker", member.worker.rawValue]
                + (plan.planDigest.map { ["--digest", $0] } ?? [])
        }
        var words =
            plan.ownProgram?.command.map { RankEnvironment.unpacking($0, plan) } ?? [plan.trainProgram]
        words += [folder.jobFile, "--attempt-dir", folder.path, "--worker", member.worker.rawValue]
        if !member.hotStateFolder.isEmpty { words += ["--hot-state", member.hotStateFolder] }
        if plan.gang.contains(where: \.isKeeper) { words.append("--keeper") }
        if plan.mayShrink { words += ["--min-ranks", "\(plan.minimumRanks)"] }
        return words
    }

    /// `environment` without what an MPI world or a Slurm allocation around this process left in it.
    package static func scrub(_ environment: [String: String]) -> [String: String] {
        environment.filter { !isReserved($0.key) }
    }

    private static func isReserved(_ name: String) -> Bool {
        name == marker
            || ["OMPI_", "PMIX_", "PMI_", "PRTE_", "ORTE_", "SLURM_"].contains { name.hasPrefix($0) }
    }
}
