import CProcess
import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Processes
import ProgramContract
import Storage
import Wire

/// Runs one attempt: starts `mpirun`, keeps the ranks' output, passes stop requests on, and writes
/// `exit.json` when nothing of the gang is left.
///
/// A process of its own in a session of its own: it outlives coordinator and worker daemon. It speaks
/// to the worker through signals and the attempt's folder only.
///
/// - SIGTERM: let the gang commit and leave (SIGUSR1 to `mpirun`, which passes it to all ranks); end it
///   by force after the grace.
/// - SIGUSR2: end the gang now.
package final class Supervisor {
    /// The signal that asks ranks to commit and leave.
    static let stopSignal = SIGUSR1
    /// The signal to the supervisor that means now.
    static let killSignal = SIGUSR2
    /// How often the clock is looked at while nothing happens.
    private static let tickMilliseconds: Int32 = 200
    /// How long the hosts of a program may take to collect its files after its grace.
    private static let collectingSeconds = 60.0
    /// How long a gang that has taken no step yet, so has nothing to commit, may take to leave.
    private static let earlyLeaveSeconds = 5.0
    /// How long the pipes may stay open after `mpirun` has ended.
    private static let drainSeconds = 1.0

    private let folder: AttemptFolder
    private var plan: LaunchPlan
    /// Whose rights decide what the job may read and write; `nil`: this process's.
    private let user: JobUser?
    private var door: LaunchDoor?
    private let signals: Int32
    private var logs: GangLogs
    private var verdict = GangVerdict()
    private var watch: GangWatch
    private var hung: GangWatch.Finding?
    private var streams: [Stream] = []
    private var launcher: Int32 = 0
    private var launcherStatus: Int32?
    private var stopDeadline: Double?
    /// Ranks that have been heard of: from then on they know what the stop signal means.
    private var begun: Set<Int> = []
    private var isStopPassedOn = false
    private let session: SessionFolder
    private var cause: AttemptEnd.Cause = .exited
    private var workerSeen: Double
    private var programs: ProgramWatch?
    private var kernelKills = KernelMemoryKills(now: Supervisor.now(CLOCK_MONOTONIC))
    private let events: ProgramEvents

    private struct Stream {
        var descriptor: Int32
        var isError: Bool
        var parser: TaggedOutput
    }

    /// - Parameter path: the attempt's folder, with `job.json` and `launch.json` in it.
    package init(path: String) throws {
        let plan = try AttemptFolder.plan(path: path)
        self.plan = plan
        user = try plan.user()
        folder = AttemptFolder(attempt: plan.attempt, path: path)
        logs = GangLogs(folder)
        events = ProgramEvents(folder)
        if plan.ownProgram?.isScript == true { programs = ProgramWatch(world: plan.world) }
        // The hosts of a program send no pulses.
        let timeout = plan.ownProgram?.isScript == true ? .infinity : Self.hangTimeout(plan)
        watch = GangWatch(timeout: timeout, world: plan.world)
        session = SessionFolder(plan)
        workerSeen = Self.now(CLOCK_MONOTONIC)
        signals = cprocess_signal_descriptor([SIGTERM, SIGINT, SIGUSR2, SIGCHLD], 4)
        guard signals >= 0 else {
            throw LockstepError(.io, "cannot watch for signals: \(String(cString: strerror(errno)))")
        }
    }

    /// Runs the attempt to its end.
    package func run() throws {
        _ = cprocess_become_subreaper()
        if let identity = ProcessIdentity.current() {
            try AttemptFolder.write(identity, to: folder.supervisorFile)
        }
        do {
            try start()
        } catch {
            session.remove()
            return try finish(notStarted: error)
        }
        while launcherStatus == nil { turn() }
        endLeftovers()
        session.remove()
        drain()
        // A rank that was leaving anyway and heard the signal too late.
        if isStopPassedOn, verdict.signal == Self.stopSignal, cause == .exited { cause = .killed }
        if let programs { return try finish(programs) }
        let status = endStatus(ofLauncher: launcherStatus.map(ChildProcess.shellStatus) ?? 70)
        try finish(
            verdict.didNotStart ? .notStarted : cause, status: status,
            message: logs.message(rank: verdict.rank))
    }

    /// How the gang ended. Where a rank may die without the world, `mpirun` tells of the dead one, or of
    /// nobody; then the ranks' own last event counts.
    private func endStatus(ofLauncher status: Int32) -> Int32 {
        guard plan.mayShrink else { return status }
        let line = FileManager.default.contents(atPath: folder.eventsFile)?.split(separator: 0x0A).last
        let event = line.flatMap { try? JSONDecoder().decode(TrainingEvent.self, from: $0) }
        switch event?.kind {
        case .completed: return RankExit.completed
        case .stopped: return RankExit.stopped
        default: return status == RankExit.completed ? RankExit.bereft : status
        }
    }

    private func start() throws {
        try openRoom()
        guard !isFenced else { throw LockstepError(.network, "the worker's lease was over at the start") }
        plan.planDigest = try user.access { try plan.ownProgram?.prepare() }
        let gangUser = plan.gangRunsAsUser ? user : nil
        let command = GangCommand(
            plan, folder: folder, inherited: inheritedEnvironment,
            isRoot: geteuid() == 0 && gangUser == nil, hosts: try hosts(),
            session: session.create(for: gangUser) ? session.path : nil)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let output = try ChildProcess.pipe()
        let error = try ChildProcess.pipe()
        defer { for descriptor in [null, output.write, error.write] { close(descriptor) } }
        launcher = try ChildProcess.spawn(
            command.arguments, environment: command.environment, directory: workFolder,
            input: null, output: output.write, error: error.write, diesWithParent: true, user: gangUser,
            keepsNamespaces: plan.ownProgram?.isScript == true, path: command.program)
        streams = [(output.read, false), (error.read, true)].map { descriptor, isError in
            let parser = TaggedOutput(launcherVersion: plan.launcherVersion)
            return Stream(descriptor: descriptor, isError: isError, parser: parser)
        }
    }

    /// What `mpirun` is to call the nodes; only where there is more than one.
    private func hosts() throws -> [String: String] {
        let nodes = Set(plan.gang.map(\.address))
        guard nodes.count > 1 else { return [:] }
        do {
            return try nodes.reduce(into: [:]) { $0[$1] = try GangHosts.address(of: $1) }
        } catch {
            // The names were good when the workers started, so it is not the job's owner who can help.
            throw LockstepError(.network, "a node of the gang cannot be found", cause: error)
        }
    }

    /// Makes what the gang needs on this node where it runs as another user.
    private func openRoom() throws {
        guard let rooms, let user else { return }
        let here = plan.gang.filter { $0.address == plan.gang.first?.address }
        try rooms.open(plan.attempt, for: user, hotStates: here.map(\.hotStateFolder))
        guard plan.ownProgram?.isScript != true else { return door = try makeDoor(rooms, user) }
        let ranks = rooms.attempt(plan.attempt)
        try FileManager.default.copyItem(atPath: folder.jobFile, toPath: ranks.jobFile)
        let events = open(ranks.eventsFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard events >= 0 else { throw LockstepError.system("create", ranks.eventsFile) }
        close(events)
        for file in [ranks.jobFile, ranks.eventsFile] { try user.give(file) }
        // The worker follows the one in the attempt's own folder.
        guard symlink(ranks.eventsFile, folder.eventsFile) == 0 else {
            throw LockstepError.system("make link", folder.eventsFile)
        }
        door = try makeDoor(rooms, user)
    }

    /// `nil` where the whole gang is on this node.
    private func makeDoor(_ rooms: JobRooms, _ user: JobUser) throws -> LaunchDoor? {
        guard Set(plan.gang.map(\.address)).count > 1 else { return nil }
        return try LaunchDoor(
            folder: rooms.attempt(plan.attempt).path, plan: plan, attemptFolder: folder.path, user: user)
    }

    /// `nil`: the gang runs with this process's rights.
    private var rooms: JobRooms? {
        plan.gangRunsAsUser && user != nil ? plan.rooms.map { JobRooms(path: $0) } : nil
    }

    /// Where `mpirun` starts.
    private var workFolder: String { rooms?.work(plan.attempt) ?? folder.path }

    private var inheritedEnvironment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        guard let rooms, let user else { return environment }
        environment.merge(user.variables) { $1 }
        environment["TMPDIR"] = rooms.work(plan.attempt)
        if door != nil { environment[LaunchDoor.variable] = rooms.attempt(plan.attempt).path }
        return environment
    }

    /// Waits for output, a signal or the next tick, and deals with it.
    private func turn() {
        var polls = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
        polls += streams.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let count = polls.count
        polls += door?.polls ?? []
        let ready = poll(&polls, nfds_t(polls.count), Self.tickMilliseconds)
        if ready > 0 {
            if polls[count...].contains(where: { $0.revents != 0 }) { door?.serve() }
            for index in streams.indices.reversed() where polls[index + 1].revents != 0 { read(index) }
            if polls[0].revents != 0 { handleSignals() }
        }
        reap()
        watchClock()
    }

    private func handleSignals() {
        while true {
            switch cprocess_next_signal(signals) {
            case 0: return
            case SIGTERM, SIGINT: stop()
            case SIGUSR2: kill(.killed)
            default: break
            }
        }
    }

    private func stop() {
        guard stopDeadline == nil, launcher > 0 else { return }
        // The hosts of a program count the grace themselves, and collect what it leaves.
        let collecting = plan.ownProgram?.isScript == true ? Self.collectingSeconds : 0
        stopDeadline = Self.now(CLOCK_MONOTONIC) + plan.graceSeconds + collecting
        passStopOn()
    }

    /// Asks the ranks to leave once all of them have been heard of: before, the signal would find no handler,
    /// and end them.
    private func passStopOn() {
        guard stopDeadline != nil, !isStopPassedOn, begun.count >= plan.world || watch.hasTakenStep else {
            return
        }
        isStopPassedOn = true
        Glibc.kill(launcher, Self.stopSignal)
    }

    private func kill(_ reason: AttemptEnd.Cause) {
        if cause == .exited { cause = reason }
        signalGang(SIGKILL)
    }

    private func watchClock() {
        let now = Self.now(CLOCK_MONOTONIC)
        kernelKills.look(now: now)
        if hung == nil, let finding = watch.check(at: now) {
            hung = finding
            kill(.hung)
        }
        if let deadline = stopDeadline {
            passStopOn()
            let isEarly = programs == nil && !watch.hasTakenStep
            let spared = plan.graceSeconds - min(plan.graceSeconds, Self.earlyLeaveSeconds)
            if now >= deadline - (isEarly ? spared : 0) { kill(.killed) }
        }
        if isFenced {
            // The coordinator counts the worker as lost in a moment and starts the job elsewhere.
            kill(.abandoned)
        } else if LockFile.isHeld(plan.workerLock) {
            workerSeen = now
        } else if now - workerSeen > plan.abandonSeconds {
            // The coordinator counts the worker as lost by now and starts the job elsewhere.
            kill(.abandoned)
        }
    }

    /// Whether the worker's lease is over, or will be before the gang could be ended.
    private var isFenced: Bool {
        guard let file = plan.leaseFile, let seconds = plan.fenceSeconds, let clock = LeaseClock(file)
        else { return false }
        return LeaseClock(time: clock.time, fenceSeconds: seconds).isOver()
    }

    /// Whether another attempt of the job has begun while nobody heard of this one.
    private var isSuperseded: Bool {
        (try? user.access { plan.ownProgram?.plan?.isSuperseded ?? false }) ?? false
    }

    private func reap() {
        while true {
            var status: Int32 = 0
            let pid = waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            if pid == launcher { launcherStatus = status } else { door?.ended(pid, status: status) }
        }
    }

    /// Whatever `mpirun` left behind: it is in this session or carries the attempt's mark.
    private func endLeftovers() {
        for _ in 0..<50 {
            let left = signalGang(SIGKILL)
            reap()
            // The dead count too: whoever inherited them might not reap them.
            if left == 0, waitpid(-1, nil, WNOHANG) < 0 { return }
            usleep(10_000)
        }
    }

    @discardableResult
    private func signalGang(_ signal: Int32) -> Int {
        ProcessTable.signal(
            signal, session: getsid(0) == getpid() ? getpid() : nil,
            marker: "\(GangCommand.marker)=\(folder.path)")
    }

    private func drain() {
        let deadline = Self.now(CLOCK_MONOTONIC) + Self.drainSeconds
        while !streams.isEmpty, Self.now(CLOCK_MONOTONIC) < deadline {
            var polls = streams.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&polls, nfds_t(polls.count), Self.tickMilliseconds) > 0 else { continue }
            for index in streams.indices.reversed() where polls[index].revents != 0 { read(index) }
        }
        while !streams.isEmpty { closeStream(0) }
    }

    private func read(_ index: Int) {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = Glibc.read(streams[index].descriptor, &bytes, bytes.count)
        if count < 0, errno == EINTR { return }
        guard count > 0 else { return closeStream(index) }
        keep(streams[index].parser.feed(bytes[..<count]), isError: streams[index].isError)
    }

    private func closeStream(_ index: Int) {
        keep(streams[index].parser.finish(), isError: streams[index].isError)
        close(streams[index].descriptor)
        streams.remove(at: index)
    }

    private func keep(_ lines: [TaggedOutput.Line], isError: Bool) {
        let lines = lines.filter { line in
            guard line.isReport, let rank = line.rank else {
                if line.rank == nil { verdict.read(line.text) }
                return true
            }
            if programs != nil {
                begun.insert(rank)
                events.append(programs?.read(line.text, rank: rank, at: Self.now()) ?? [])
                return false
            }
            guard !watch.read(line.text, rank: rank) else {
                begun.insert(rank)
                return false
            }
            verdict.read(error: line.text)
            return true
        }
        logs.append(lines, isError: isError, at: Self.now())
    }

    /// The end of a program's gang: as its hosts tell, once what they left is packed.
    private func finish(_ programs: ProgramWatch) throws {
        let status = launcherStatus.map(ChildProcess.shellStatus) ?? 70
        // What it would write now could meet what the next attempt writes.
        if isFenced || isSuperseded, cause == .exited { cause = .abandoned }
        guard cause == .exited, var end = programs.end(ofLauncher: status, at: Self.now()) else {
            return try finish(
                verdict.didNotStart ? .notStarted : cause, status: status == 0 ? 70 : status,
                message: logs.message(rank: verdict.rank))
        }
        let isCompleted = end.status == RankExit.completed
        if isCompleted { events.append([TrainingEvent(.uploading, time: Self.now())]) }
        if let failure = collect(end) {
            end = failure
        } else if isCompleted {
            events.append([TrainingEvent(.completed, time: Self.now())])
        }
        logs.close()
        try AttemptFolder.write(end, to: folder.exitFile)
    }

    /// Nothing of the gang ran: what the user has to fix ends the job, anything else this attempt.
    private func finish(notStarted error: any Error) throws {
        logs.close()
        let known = error as? LockstepError
        let isUsers = known?.code.isUsersToFix ?? false
        var end = AttemptEnd(
            isUsers ? .exited : .notStarted, status: isUsers ? known?.code.exitCode ?? 78 : 70,
            time: Self.now())
        end.code = known?.code.rawValue
        end.message = "\(error)"
        try AttemptFolder.write(end, to: folder.exitFile)
    }

    /// Packs what the hosts left.
    ///
    /// - Returns: the end that it is when that fails and there should be a model: neither completed nor
    ///   stopped.
    private func collect(_ end: AttemptEnd) -> AttemptEnd? {
        let hasModel = end.status == RankExit.completed || end.status == RankExit.stopped
        do {
            let digest = end.status == RankExit.completed ? plan.requestDigest : nil
            try user.access {
                try plan.ownProgram?.collect(plan.attempt, withModel: hasModel, requestDigest: digest)
            }
            return nil
        } catch {
            let known = (error as? LockstepError)?.blamed(on: JobSpec.Locations.outputField)
            // A file that is gone is not the user's to bring back.
            let code = known.map { $0.code == .notFound ? .io : $0.code } ?? .bug
            var failure = AttemptEnd(.exited, status: code.exitCode, time: Self.now())
            failure.code = code.rawValue
            failure.message = "what the program left cannot be saved: \(known?.description ?? "\(error)")"
            guard !hasModel else { return failure }
            let note = TaggedOutput.Line(rank: end.rank ?? 0, text: "lockstep: \(failure.message ?? "")")
            logs.append([note], isError: false, at: Self.now())
            return nil
        }
    }

    private func finish(_ cause: AttemptEnd.Cause, status: Int32, message: String?) throws {
        logs.close()
        var end = AttemptEnd(cause, status: status, time: Self.now())
        end.rank = verdict.rank
        end.signal = verdict.signal
        end.message = message ?? logs.failure?.message
        if cause == .hung, let hung {
            // What mpirun says of a rank that was killed for it tells nothing.
            (end.rank, end.signal, end.step) = (hung.rank, nil, hung.step)
            end.message = (hung.rank.map { "\(name(ofRank: $0)) " } ?? "") + hung.sentence
        } else if end.signal == SIGKILL, kernelKills.hasJustStruck {
            end.code = AttemptEnd.outOfMemoryCode
            let who = verdict.rank.map { "rank \($0)" } ?? "a rank"
            end.message =
                "\(who) was ended by SIGKILL: OutOfMemory, the kernel did it, as its node had no memory left"
        } else if let report = verdict.firstError {
            if end.rank != report.rank { end.signal = nil }
            (end.rank, end.step, end.code) = (report.rank, report.step, report.code)
            end.message = report.message
        }
        try AttemptFolder.write(end, to: folder.exitFile)
    }

    /// `rank 2 (worker b on 10.0.0.2)`.
    private func name(ofRank rank: Int) -> String {
        var first = 0
        for member in plan.gang {
            if rank < first + member.ranks {
                return "rank \(rank) (worker \(member.worker) on \(member.address))"
            }
            first += member.ranks
        }
        return "rank \(rank)"
    }

    /// As the job's Environment says; the API has checked it.
    private static func hangTimeout(_ plan: LaunchPlan) -> Double {
        let text = plan.environment.first { $0.name == RuntimeEnvironment.hangTimeout }?.value
        return text.flatMap { Double($0) } ?? Double(RuntimeEnvironment.defaultHangTimeoutSeconds)
    }

    private static func now(_ clock: clockid_t = CLOCK_REALTIME) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
