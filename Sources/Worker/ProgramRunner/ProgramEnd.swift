import Foundation
import Glibc
package import ProgramContract

/// How a program ended, and what that is called.
package struct ProgramEnd: Equatable {
    /// Why the runner ended it.
    package enum Reason: Equatable {
        case stop, abandon
        /// Its worker's lease is over, or another attempt of the job has begun.
        case fenced
        case memory(bytes: Int)
        case disk(gigabytes: Int)
    }

    /// How its main process ended.
    package enum Status: Equatable {
        case exit(Int32)
        case signal(Int32)
        /// Its guardian was killed.
        case unknown
    }

    package var status: Status
    /// What the runner ended it for, while the main process was there.
    var reason: Reason?
    /// Whether the kernel killed a process of it because its control group was full.
    var isOutOfMemory = false
    /// Whether the kernel ended processes for want of memory on the node when the main process died.
    var isNodeOutOfMemory = false
    var memoryBytes: Int?
    var volumeGB: Int?

    package init(
        status: Status, reason: Reason? = nil, isOutOfMemory: Bool = false, isNodeOutOfMemory: Bool = false,
        memoryBytes: Int? = nil, volumeGB: Int? = nil
    ) {
        self.isNodeOutOfMemory = isNodeOutOfMemory
        self.status = status
        self.reason = reason
        self.isOutOfMemory = isOutOfMemory
        self.memoryBytes = memoryBytes
        self.volumeGB = volumeGB
    }

    package var outcome: ProgramReport.Outcome {
        if exceeded != nil { return .failed }
        switch (reason, status) {
        case (.stop, _): return .stopped
        case (.abandon, _), (.fenced, _): return .abandoned
        case (_, .exit(0)): return .completed
        case (_, .exit): return .failed
        case (_, .signal(SIGKILL)) where isNodeOutOfMemory: return .outOfMemory
        case (_, .signal(SIGKILL)), (_, .signal(SIGTERM)), (_, .signal(SIGHUP)): return .signalled
        case (_, .unknown): return .killed
        case (_, .signal): return .failed
        }
    }

    /// Exit status, or 128 + signal.
    var number: Int32 {
        switch status {
        case .exit(let status): status
        case .signal(let signal): 128 + signal
        case .unknown: 128 + SIGKILL
        }
    }

    /// The runner's own exit status: 0 only where the gang shall go on without this host.
    package var runnerStatus: Int32 {
        if outcome == .completed || outcome == .stopped { return 0 }
        return number == 0 ? 128 + SIGTERM : number
    }

    /// - Parameters:
    ///   - failure: what the program wrote about its failure.
    ///   - errors: its last lines on standard error.
    package func message(failure: String?, errors: String?) -> String? {
        if let exceeded { return exceeded }
        switch outcome {
        case .failed, .signalled: break
        case .outOfMemory:
            return "OutOfMemory: the kernel ended the program because its node had no memory left, "
                + "exit code: \(number)"
        case .killed: return "the program's guardian was ended from outside, exit code: \(number)"
        default: return nil
        }
        let said = failure ?? errors
        guard case .signal(let signal) = status else {
            return (said.map { "\($0), " } ?? "") + "exit code: \(number)"
        }
        let end = "ended by \(Self.name(ofSignal: signal)), exit code: \(number)"
        return said.map { "\($0), \(end)" } ?? "the program was \(end)"
    }

    private var exceeded: String? {
        switch reason {
        case .memory(let bytes): return outOfMemory(bytes)
        case .disk(let gigabytes): return Self.volumeIsFull(gigabytes)
        default: break
        }
        if isOutOfMemory, status != .exit(0) { return outOfMemory(memoryBytes ?? 0) }
        if status == .signal(SIGXFSZ), let volumeGB { return Self.volumeIsFull(volumeGB) }
        return nil
    }

    private func outOfMemory(_ bytes: Int) -> String {
        "OutOfMemory: the program used more than its memory limit of \(bytes) bytes, exit code: \(number)"
    }

    private static func volumeIsFull(_ gigabytes: Int) -> String {
        "the volume of \(gigabytes) GB (VolumeSizeInGB) is full"
    }

    private static func name(ofSignal signal: Int32) -> String {
        let names: [Int32: String] = [
            SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGABRT: "SIGABRT",
            SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE",
            SIGTERM: "SIGTERM", SIGXFSZ: "SIGXFSZ", SIGALRM: "SIGALRM", SIGTRAP: "SIGTRAP", SIGSYS: "SIGSYS",
            SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2", SIGXCPU: "SIGXCPU", SIGVTALRM: "SIGVTALRM",
        ]
        return names[signal] ?? "signal \(signal)"
    }
}
