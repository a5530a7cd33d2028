import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import Logging
import Processes
import Storage
import Wire

/// One attempt in the worker's book: its supervisor process and how far its files are forwarded.
struct SupervisedAttempt {
    let folder: AttemptFolder
    private let plan: LaunchPlan
    /// Process id of the supervisor when this daemon started it; such a child has to be reaped.
    private var child: Int32?
    private var identity: ProcessIdentity?
    private let since = Date()
    private var tails: [StreamTail]
    private(set) var end: AttemptEnd?
    private var isEndSent = false
    private var waitingSignals: [Int32] = []
    /// When a kill order has not been followed by then, the worker ends the gang itself.
    var killDeadline: Double?

    /// How long a supervisor may take to write who it is.
    private static let introductionSeconds = 2.0

    init(folder: AttemptFolder, plan: LaunchPlan, child: Int32) {
        self.folder = folder
        self.plan = plan
        self.child = child
        identity = ProcessIdentity(pid: child)
        tails = Self.tails(folder, world: plan.world)
    }

    init(adopting folder: AttemptFolder) throws {
        self.folder = folder
        plan = try folder.plan()
        identity = try folder.supervisor()
        tails = Self.tails(folder, world: plan.world)
    }

    var isAlive: Bool { identity?.isAlive ?? false }

    /// Whether the attempt is over and has brought its job to the end.
    var isCompleted: Bool { end?.cause == .exited && end?.status == RankExit.completed }

    /// Sends a signal as soon as the supervisor understands it: it writes who it is when its handlers stand.
    mutating func signal(_ signal: Int32) {
        waitingSignals.append(signal)
        passSignalsOn()
    }

    private mutating func passSignalsOn() {
        guard !waitingSignals.isEmpty, let identity, identity.isAlive else { return }
        let isLate = -since.timeIntervalSinceNow > Self.introductionSeconds * 5
        guard isLate || FileManager.default.fileExists(atPath: folder.supervisorFile) else { return }
        for signal in waitingSignals { Glibc.kill(identity.pid, signal) }
        waitingSignals = []
    }

    /// Reaps the supervisor and finds out whether the attempt is over.
    mutating func observe(_ logger: Logger) {
        guard end == nil else { return }
        if let child, waitpid(child, nil, WNOHANG) == child { self.child = nil }
        if identity == nil { identity = try? folder.supervisor() }
        passSignalsOn()
        if let killDeadline, Date().timeIntervalSince1970 > killDeadline { killAll() }
        // Look whether it lives before looking for its last words: it writes them, then ends.
        let wasAlive = isAlive || (identity == nil && -since.timeIntervalSinceNow < Self.introductionSeconds)
        do {
            end = try folder.end()
            guard end == nil, !wasAlive else { return }
            killAll()
            var vanished = AttemptEnd(.vanished, status: 70, time: Date().timeIntervalSince1970)
            vanished.message = "the supervisor of the attempt died"
            try AttemptFolder.write(vanished, to: folder.exitFile)
            end = vanished
        } catch {
            logger.error(
                "attempt cannot be observed",
                metadata: ["attempt": "\(folder.attempt)", "reason": "\(error)"])
        }
    }

    mutating func nextChunks() -> [LineChunk] {
        tails.indices.compactMap { tails[$0].next(folder.attempt) }
    }

    /// The end, once: when the coordinator has every line.
    mutating func dueEnd() -> AttemptEnd? {
        guard let end, !isEndSent, tails.allSatisfy(\.isDrained) else { return nil }
        isEndSent = true
        return end
    }

    mutating func received(_ mark: LineMark) {
        guard let index = tails.firstIndex(where: { $0.stream == mark.stream }) else { return }
        tails[index].received(mark.next)
    }

    /// The attempt is settled: what its ranks wrote in the job's room goes to the attempt's folder, and their
    /// part of the room goes.
    func leaveRoom() {
        guard let rooms = plan.rooms else { return }
        let shared = plan.rankFolder(folder)
        if shared != folder {
            // Only people look at it now; where it cannot be kept, the coordinator has what counts.
            if let events = try? AtomicFile.read(shared.eventsFile) {
                try? AtomicFile.write(events, to: folder.eventsFile)
            }
        }
        JobRooms(path: rooms).close(plan.attempt)
    }

    mutating func disconnected() {
        isEndSent = false
        for index in tails.indices { tails[index].disconnected() }
    }

    private func killAll() {
        defer { SessionFolder(plan).remove() }
        ProcessTable.signal(
            SIGKILL, session: identity?.pid, marker: "\(GangCommand.marker)=\(folder.path)")
    }

    private static func tails(_ folder: AttemptFolder, world: Int) -> [StreamTail] {
        [StreamTail(path: folder.eventsFile, stream: "events")]
            + (0..<world).map { StreamTail(path: folder.logFile(rank: $0), stream: "algo-\($0 + 1)") }
    }
}
