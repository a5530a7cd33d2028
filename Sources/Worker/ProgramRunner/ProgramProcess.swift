import CProcess
import Diagnostics
import Glibc
import Processes
import ProgramContract

/// Watches a program from its start until nothing of it is left, and ends it when it has to.
struct ProgramProcess {
    /// How long what outlives the main process, or an abandoned program, has after SIGTERM.
    static let leftoverSeconds = 5.0
    /// After that long under SIGKILL the guardian goes too, and with it the PID namespace.
    private static let killSeconds = 2.0
    private static let tickMilliseconds: Int32 = 100

    private let process: GuardedProcess
    private let graceSeconds: Double
    private let signals: Int32
    private let services: [any ProgramService]
    private var memory: MemoryWatch?
    private var disk: DiskWatch?
    /// Whether the program has to end because another attempt has begun, or is about to.
    private let isFenced: () -> Bool

    private var status: ProgramEnd.Status?
    private var reason: ProgramEnd.Reason?
    /// When SIGTERM gives way to SIGKILL.
    private var killTime: Double?
    private var isGuardianGone = false
    private var kernelKills = KernelMemoryKills(now: Self.now())
    private var isNodeOutOfMemory = false

    init(
        _ process: GuardedProcess, graceSeconds: Double, signals: Int32, services: [any ProgramService],
        memory: MemoryWatch?, disk: DiskWatch?, isFenced: @escaping () -> Bool = { false }
    ) {
        self.process = process
        self.graceSeconds = graceSeconds
        self.signals = signals
        self.services = services
        self.memory = memory
        self.disk = disk
        self.isFenced = isFenced
    }

    /// - Parameters:
    ///   - volumeGB: for the reason when the disk watch finds too much.
    ///   - isGroupFull: whether the kernel has killed a process for its memory.
    /// - Returns: status of the main process, and what the runner had ended it for.
    mutating func wait(volumeGB: Int?, isGroupFull: () -> Bool) -> ProgramEnd {
        while !isOver {
            turn()
            kernelKills.look(now: Self.now())
            if status == nil, reason != .fenced, isFenced() { end(.fenced, after: 0) }
            if status == nil, reason == nil || reason == .stop {
                if isGroupFull(), let memory { end(.memory(bytes: memory.bytesMax), after: 0) }
                if memory?.isExceeded(below: process.guardian, now: Self.now()) ?? false, let memory {
                    end(.memory(bytes: memory.bytesMax), after: 0)
                }
                if disk?.isExceeded(Self.now) ?? false, let volumeGB {
                    end(.disk(gigabytes: volumeGB), after: 0)
                }
            }
            killWhatIsLate()
        }
        process.close()
        if reason == nil, status != .exit(0), let disk, let volumeGB, disk.isFull {
            reason = .disk(gigabytes: volumeGB)
        }
        return ProgramEnd(
            status: status ?? .unknown, reason: reason, isNodeOutOfMemory: isNodeOutOfMemory)
    }

    /// The guardian ends when nothing is left below it; if it was killed, its orphans came here.
    private var isOver: Bool {
        isGuardianGone && ProcessTable.members(below: getpid()).isEmpty
    }

    private mutating func turn() {
        var polls = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
        if status == nil { polls.append(pollfd(fd: process.status, events: Int16(POLLIN), revents: 0)) }
        _ = poll(&polls, nfds_t(polls.count), Self.tickMilliseconds)
        if polls.count > 1, polls[1].revents != 0 { mainHasEnded() }
        handleSignals()
        while true {
            let pid = waitpid(-1, nil, WNOHANG)
            if pid == process.guardian {
                if status == nil { mainHasEnded() }
                isGuardianGone = true
                // Without a guardian nobody is asked any more.
                killTime = min(killTime ?? .infinity, Self.now())
            }
            if pid <= 0 { return }
        }
    }

    private mutating func mainHasEnded() {
        if let value = process.readStatus() {
            let signal = cprocess_ending_signal(value)
            status = signal > 0 ? .signal(signal) : .exit(cprocess_exit_status(value))
        } else {
            status = .unknown
        }
        isNodeOutOfMemory = status == .signal(SIGKILL) && kernelKills.hasJustStruck
        // On a stop the others may still be saving what they have.
        guard killTime == nil else { return }
        terminate(after: Self.leftoverSeconds)
    }

    private mutating func handleSignals() {
        while true {
            switch cprocess_next_signal(signals) {
            case 0: return
            case SIGUSR1, SIGINT: end(.stop, after: graceSeconds)
            case SIGTERM: end(.abandon, after: Self.leftoverSeconds)
            default: break
            }
        }
    }

    private mutating func end(_ reason: ProgramEnd.Reason, after seconds: Double) {
        let isLimit = reason != .stop && reason != .abandon
        if status == nil, self.reason == nil || isLimit { self.reason = reason }
        terminate(after: seconds)
        // After the signal, which would else meet a script that has heard of the stop and is at its very end.
        if reason == .stop || reason == .abandon { for service in services { service.askToStop() } }
    }

    private mutating func terminate(after seconds: Double) {
        let deadline = Self.now() + seconds
        killTime = min(killTime ?? .infinity, deadline)
        signalAll(seconds > 0 ? SIGTERM : SIGKILL)
    }

    private func killWhatIsLate() {
        guard let killTime, Self.now() >= killTime else { return }
        signalAll(SIGKILL)
        if Self.now() >= killTime + Self.killSeconds, !isGuardianGone { kill(process.guardian, SIGKILL) }
    }

    private func signalAll(_ signal: Int32) {
        for member in ProcessTable.members(below: getpid()) where member.pid != process.guardian {
            kill(member.pid, signal)
            // What is stopped hears of SIGTERM only once it goes on.
            if signal == SIGTERM { kill(member.pid, SIGCONT) }
        }
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
