import ClusterTypes
import Foundation
import JobSpecs
package import ProgramContract

/// The environment of a program, as a pure function.
package struct ProgramEnvironment {
    var inherited: [String: String]
    /// `/opt/ml`, or what stands for it where nothing could be mounted there.
    package var base: String
    var threads: Int
    /// Whether the program's root is an image's: the node's paths mean nothing there.
    package var isImage = false
    /// Variables that the script launcher and the services add.
    var added: [String: String] = [:]
    /// Whether it runs as another user, whose home is not to be had.
    var changesUser = false
    var hasOwnTemporaryFolder = false
    /// Whether each rank is in a user namespace of its own, and may not read another's memory.
    var hasUserNamespace = false

    package init(inherited: [String: String], base: String, threads: Int) {
        self.inherited = inherited
        self.base = base
        self.threads = threads
    }

    /// What the marker of an attempt is called; the supervisor finds leftovers by it.
    static let marker = AttemptFiles.variable
    package static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    private static let launchers = ["OMPI_", "PMIX_", "PMI_", "PRTE_", "ORTE_"]
    private static let daemons = [
        "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_PID", "WATCHDOG_USEC", "INVOCATION_ID",
        "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PWD", "OLDPWD", "SHLVL", "_",
    ]

    /// Later words win: the node's, defaults, the launcher's, the job's own, then what the platform says.
    package func variables(_ plan: ProgramPlan, rank: Int) -> [String: String] {
        var variables = inherited.filter { Self.passes($0.key, kind: plan.kind, isImage: isImage) }
        variables["PATH"] = variables["PATH"] ?? Self.defaultPath
        variables["PYTHONUNBUFFERED"] = "1"
        variables["OMP_NUM_THREADS"] = "\(threads)"
        if changesUser || isImage { variables["HOME"] = base + "/tmp" }
        // Open MPI's ranks of a node meet in the folder that TMPDIR names.
        if plan.kind != .mpi { variables["TMPDIR"] = hasOwnTemporaryFolder ? "/tmp" : base + "/tmp" }
        let region = Self.region(ofARN: plan.job.arn)
        variables["AWS_REGION"] = region
        variables["AWS_DEFAULT_REGION"] = region
        variables["MASTER_ADDR"] = plan.masterAddress
        variables["MASTER_PORT"] = "\(plan.masterPort)"
        if plan.kind == .mpi, hasUserNamespace {
            variables["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none"
        }
        let modules = [added, plan.job.environment, variables].compactMap { $0["PYTHONPATH"] }
        variables.merge(added) { $1 }
        variables.merge(plan.job.variables) { $1 }
        // A job that brings modules of its own still finds those of the launcher.
        variables["PYTHONPATH"] = modules.isEmpty ? nil : modules.joined(separator: ":")
        variables["RANK"] = "\(rank)"
        variables["WORLD_SIZE"] = "\(plan.hosts.count)"
        let worker = plan.hosts[rank].worker
        variables["LOCAL_RANK"] = "\(plan.hosts[..<rank].count { $0.worker == worker })"
        variables["SAGEMAKER_BASE_DIR"] = base == "/opt/ml" ? nil : base
        variables[Self.marker] = inherited[Self.marker]
        return variables
    }

    private static func passes(_ name: String, kind: ProgramKind, isImage: Bool) -> Bool {
        if launchers.contains(where: { name.hasPrefix($0) }) { return kind == .mpi }
        if isImage { return ["LANG", "TZ"].contains(name) }
        return !daemons.contains(name) && (!name.hasPrefix("LOCKSTEP_") || name == marker)
    }

    /// `arn:aws:sagemaker:REGION:…`.
    static func region(ofARN arn: String) -> String {
        let fields = arn.split(separator: ":", omittingEmptySubsequences: false)
        return fields.count > 3 && !fields[3].isEmpty ? String(fields[3]) : "us-east-1"
    }
}
