import ArgumentParser
import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import Processes
import UnixSignals

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Starts a cluster on this machine: a coordinator and N workers.",
        discussion: """
            The cluster lives as long as this command: Ctrl-C ends its daemons, and with them the gangs \
            that run, after they have committed their state. The next `lockstep up` on the same folder \
            goes on with their jobs. With --detach it runs in the background until `lockstep down`.
            """)

    @Option(help: "Worker daemons to start.")
    var workers = 2
    @Option(help: "Ranks that each worker has room for.")
    var slots = 1
    @Option(help: "Folder of the cluster (default: \(HomeFolder.rule)).")
    var dataDir: String?
    @Option(help: "[ADDRESS:]PORT of the API; port 0 takes a free one.")
    var api = "127.0.0.1:7460"
    @Option(
        help: ArgumentHelp(
            "A name that clients use for the API's address, beside the address itself. May be repeated.",
            valueName: "name"))
    var apiHost: [String] = []
    @Flag(help: "Take requests without a key from everybody who reaches the API.")
    var insecure = false
    @Flag(
        help: "Spot workers, for jobs with EnableManagedSpotTraining, and a keeper that holds their state.")
    var spot = false
    @Option(
        help: ArgumentHelp(
            "What a TrainingImage of a job's own code stands for: a folder that becomes its root, or "
                + "nothing for this machine's own files. May be repeated.", valueName: "name=folder"))
    var image: [String] = []
    @Option(help: "User that jobs run as when root starts the cluster (default: root).")
    var runAs: String?
    @Option(
        help: ArgumentHelp(
            "A folder that jobs may name data, code, outputs and checkpoints in (default: all that the user "
                + "they run as may use). May be repeated.", valueName: "folder"))
    var dataRoot: [String] = []
    @Option(
        help: ArgumentHelp(
            "A variable of this environment that jobs get too when they run as another user. May be "
                + "repeated.", valueName: "name"))
    var passEnvironment: [String] = []
    @Option(help: "Memory for the jobs' own code of each worker, in MiB (default: nine tenths of all).")
    var memory: Int?
    @Option(help: "Days for which jobs that are over are remembered, with their logs (default: 90).")
    var keepDays: Int?
    @Option(help: "Newest jobs that are remembered when they are over (default: 10000).")
    var keepJobs: Int?
    @Flag(help: "Run in the background.")
    var detach = false

    func validate() throws {
        guard (1...256).contains(workers) else {
            throw ValidationError("--workers is \(workers): it must be 1 to 256")
        }
        guard (1...4096).contains(slots) else {
            throw ValidationError("--slots is \(slots): it must be 1 to 4096")
        }
        for (name, value, least) in [("--keep-days", keepDays, 1), ("--keep-jobs", keepJobs, 0)] {
            guard let value, value < least else { continue }
            throw ValidationError("\(name) is \(value): it must be \(least) or more")
        }
    }

    func run() async throws {
        let folder = try ClusterFolder(dataDir)
        if detach { return try await runDetached(folder) }
        let lock = try takeLock(folder)
        defer { lock.release() }
        try folder.makeToken()
        // From here on signals end the cluster in good order, also while it starts.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let daemons = try LocalDaemons(folder)
        defer { for file in [folder.endpointFile, folder.processesFile] { unlink(file) } }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in signals { return } }
                group.addTask {
                    try await start(daemons, folder)
                    while !Task.isCancelled {
                        if try await daemons.revive() { try await note(daemons, folder) }
                        try await Task.sleep(for: .milliseconds(100))
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            await daemons.end()
            throw error
        }
        StandardStreams.error("lockstep up: ending the cluster")
        await daemons.end()
    }

    private func start(_ daemons: LocalDaemons, _ folder: ClusterFolder) async throws {
        let endpoint = try await daemons.startCoordinator(
            api: api.contains(":") ? api : "127.0.0.1:\(api)",
            options: coordinatorOptions + dataRoot.flatMap { ["--data-root", $0] })
        try await note(daemons, folder)
        // What `verify` of a remembered job reads is kept a little longer than the job.
        let retention = keepDays.map { ["--keep-days", "\($0 + 10)"] } ?? []
        try await daemons.startWorkers(
            workers, slots: slots, areSpot: spot, control: endpoint.control,
            options: programOptions + retention)
        try await note(daemons, folder)
        var known = endpoint
        known.runAs = geteuid() == 0 ? runAs : nil
        try folder.write(known, to: folder.endpointFile)
        announce(endpoint, folder)
    }

    /// For the coordinator: who may call the API, and what is remembered.
    private var coordinatorOptions: [String] {
        apiHost.flatMap { ["--api-host", $0] } + (insecure ? ["--insecure"] : [])
            + (keepDays.map { ["--keep-days", "\($0)"] } ?? [])
            + (keepJobs.map { ["--keep-jobs", "\($0)"] } ?? [])
    }

    /// For the workers: what jobs with code of their own may use.
    private var programOptions: [String] {
        var words: [String] = []
        for image in image { words += ["--image", image] }
        if let memory { words += ["--memory", "\(memory)"] }
        for root in dataRoot { words += ["--data-root", root] }
        for name in passEnvironment { words += ["--pass-environment", name] }
        // Who starts a cluster of their own runs their own code on it, and with their own rights.
        if geteuid() == 0 { words += ["--run-as", runAs ?? "root"] }
        return words
    }

    private func note(_ daemons: LocalDaemons, _ folder: ClusterFolder) async throws {
        guard let own = ProcessIdentity.current() else { return }
        try folder.write(
            ClusterFolder.Processes(up: own, daemons: await daemons.identities), to: folder.processesFile)
    }

    private func takeLock(_ folder: ClusterFolder) throws -> LockFile {
        try LockFile(
            folder.lockFile,
            conflict: "a cluster runs already in \(folder.path): `lockstep down` ends it, "
                + "or choose another --data-dir")
    }

    private func announce(_ endpoint: ClusterEndpoint, _ folder: ClusterFolder) {
        let slotText = slots == 1 ? "1 slot" : "\(slots) slots"
        let workerText =
            workers == 1 ? "1 worker with \(slotText)" : "\(workers) workers with \(slotText) each"
        StandardStreams.output(
            """
            The cluster is ready: a coordinator and \(workerText).
              API    \(endpoint.api)
              data   \(folder.path)
            Train:   lockstep submit JOB.yaml --wait
                     aws sagemaker list-training-jobs --endpoint-url \(endpoint.api)
            Shell:   export LOCKSTEP_ENDPOINT=\(endpoint.api)
            End:     lockstep down\(detach ? "" : ", or Ctrl-C here")
            """)
    }

    /// Starts this command again in the background and returns when its cluster is ready.
    private func runDetached(_ folder: ClusterFolder) async throws {
        try takeLock(folder).release()
        unlink(folder.endpointFile)
        let log = open(folder.ownLog, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [log, null] { close(descriptor) } }
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let pid = try ChildProcess.spawn(
            [
                program, "up", "--workers", "\(workers)", "--slots", "\(slots)", "--data-dir", folder.path,
                "--api", api,
            ] + (spot ? ["--spot"] : []) + coordinatorOptions + programOptions,
            environment: ProcessInfo.processInfo.environment, input: null, output: log, error: log,
            newSession: true)
        while true {
            if let endpoint = folder.endpoint(from: folder.endpointFile) {
                return announce(endpoint, folder)
            }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                StandardStreams.error(folder.lastLine(ofLog: folder.ownLog) ?? "lockstep up ended at once")
                throw ExitCode(ChildProcess.shellStatus(status))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
