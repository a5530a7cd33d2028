import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import JobSpecs
package import Processes
package import ProgramContract
import Storage

/// Answers a rank's program on its Unix socket: commits and what to resume from, stop requests, metrics.
/// The Python package `lockstep` is the other side.
package final class CommitServer: ProgramService, @unchecked Sendable {
    private let plan: ProgramPlan
    private let rank: Int
    private let base: String
    private let path: String
    private let user: JobUser?
    private let emit: @Sendable (String) -> Void
    private let store: CommitStore

    /// Guards what follows.
    private let condition = NSCondition()
    private var socket: CommitSocket?
    private var connections: Set<Int32> = []
    private var threadCount = 0
    private var isStopping = false
    private var isOver = false
    private var resumption: Result<CommitElection.Choice?, LockstepError>?

    /// Longest wait for the other hosts, three times at the start of an attempt.
    package static let defaultPatienceSeconds = 30.0
    private let patienceSeconds: Double

    /// Folder of commits in a checkpoint folder: a folder for each job, so that jobs that share one neither
    /// go on from each other's commits nor clear them away.
    package static let folderName = "lockstep-commits"

    private static let connectionLimit = 64
    private static let socketName = "lockstep.sock"

    /// Where the program finds the socket, and the package that speaks to it.
    package let environment: [String: String]

    /// - Parameters:
    ///   - settings: of the node's worker; without shared memory commits go straight to shared storage.
    ///   - base: the host's tree, where the socket's file is made.
    ///   - user: with whose rights it reads and writes; `nil`: this process's.
    ///   - visibleBase: the same folder as the program sees it.
    ///   - emit: takes lines for standard error.
    /// - Throws: `.configuration` for a job whose locations are no file URIs.
    package init(
        _ plan: ProgramPlan, rank: Int, settings: WorkerSettings?, base: String, visibleBase: String,
        user: JobUser? = nil, patienceSeconds: Double = defaultPatienceSeconds,
        emit: @escaping @Sendable (String) -> Void = { StandardStreams.error($0) }
    ) throws {
        self.plan = plan
        self.rank = rank
        path = base + "/" + Self.socketName
        self.base = base
        environment = [
            "LOCKSTEP_SOCKET": visibleBase + "/" + Self.socketName,
            "PYTHONPATH": PythonPackage.folder(visibleBase),
        ]
        self.user = user
        self.emit = emit
        self.patienceSeconds = patienceSeconds
        let root = settings?.sharedMemory ?? ""
        let locations = try JobLocations(plan.job)
        store = CommitStore(
            attempt: plan.attempt, rank: rank, world: plan.hosts.count,
            memory: root.isEmpty ? nil : root + "/" + plan.job.name.rawValue,
            folder: locations.checkpointFolder + "/" + Self.folderName + "/" + plan.job.name.rawValue,
            user: user, require: { try plan.requireSuccession("the commit") }
        ) { emit("lockstep: \($0)") }
    }

    package func start() throws {
        if let user, let memory = store.memory { try user.makeRoom(memory) }
        try user.access { try PythonPackage.install(base: base) }
        let socket = try CommitSocket(path, user: user)
        condition.withLock { self.socket = socket }
        store.start()
        launch("commit-accept") { self.acceptAll(socket) }
        guard plan.attempt > 1 else { return condition.withLock { resumption = .success(nil) } }
        // Beside the program, which needs a while before it asks.
        launch("commit-meeting") { self.meet() }
    }

    package func askToStop() { condition.withLock { isStopping = true } }

    package func end() {
        let deadline = Date(timeIntervalSinceNow: 5)
        condition.withLock {
            isOver = true
            condition.broadcast()
            socket?.shutDown()
            for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
            while threadCount > 0, condition.wait(until: deadline) {}
            socket?.remove()
            socket = nil
        }
        store.end(timeoutSeconds: 10)
    }

    private func launch(_ name: String, _ body: @escaping @Sendable () -> Void) {
        condition.withLock { threadCount += 1 }
        let thread = Thread { [user] in
            do {
                try user.access(body)
            } catch {
                self.emit("lockstep: \(error)")
            }
            self.condition.withLock {
                self.threadCount -= 1
                self.condition.broadcast()
            }
        }
        thread.name = name
        thread.stackSize = 1 << 19
        thread.start()
    }

    private func meet() {
        let meeting = CommitMeeting(
            attempt: plan.attempt, rank: rank, workers: plan.hosts.map(\.worker), attemptFolder: plan.folder,
            store: store, patienceSeconds: patienceSeconds, warn: { self.emit("lockstep: \($0)") },
            isOver: { self.condition.withLock { self.isOver } })
        let result: Result<CommitElection.Choice?, LockstepError>
        do {
            result = .success(try meeting.hold())
        } catch {
            let known = error as? LockstepError
            result = .failure(known ?? LockstepError(.io, "no commit was chosen", cause: error))
        }
        condition.withLock {
            resumption = result
            condition.broadcast()
        }
    }

    private func acceptAll(_ socket: CommitSocket) {
        while let connection = socket.accept() {
            let isWelcome = condition.withLock {
                guard !isOver, connections.count < Self.connectionLimit else { return false }
                connections.insert(connection)
                return true
            }
            guard isWelcome else {
                close(connection)
                continue
            }
            launch("commit-connection") {
                self.serve(connection)
                self.condition.withLock { _ = self.connections.remove(connection) }
                close(connection)
            }
        }
    }

    private func serve(_ descriptor: Int32) {
        let connection = CommitConnection(descriptor)
        do {
            while let request = try connection.nextRequest() { try answer(request, connection) }
        } catch {
            // A program that was killed within a commit leaves nothing but this.
            emit("lockstep: \(error)")
        }
    }

    private func answer(_ request: CommitRequest, _ connection: CommitConnection) throws {
        var rest = request.bytes ?? 0
        do {
            switch request.op {
            case "commit":
                guard let step = request.step, step >= 0 else {
                    throw LockstepError(.usage, "a commit needs a step from 0")
                }
                try store.write(step: step, byteCount: rest) { buffer in
                    let count = try connection.read(into: buffer)
                    rest -= count
                    return count
                }
                var report = ProgramReport(.committed)
                report.step = step
                emit(report.line)
                try connection.send(CommitAnswer())
            case "resume": try resume(connection)
            case "should_stop":
                try connection.send(CommitAnswer(stop: condition.withLock { isStopping }))
            case "report":
                report(request)
                try connection.send(CommitAnswer())
            default: throw LockstepError(.usage, "Lockstep knows no request \(request.op)")
            }
        } catch let error as LockstepError where error.code != .network {
            try connection.discard(rest)
            try connection.send(CommitAnswer(error: error.description))
        }
    }

    private func resume(_ connection: CommitConnection) throws {
        let result = condition.withLock {
            while resumption == nil, !isOver { condition.wait() }
            return resumption
        }
        guard let choice = try result?.get() else { return try connection.send(CommitAnswer()) }
        try CommitFile.read(
            choice.name(for: rank), in: store.folder,
            start: { try connection.send(CommitAnswer(step: choice.step, bytes: $0)) },
            piece: { try connection.send($0) })
    }

    private func report(_ request: CommitRequest) {
        for (name, text) in (request.metrics ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let value = Double(text), value.isFinite else {
                emit("lockstep: metric \(name) is \(text), which is no number to keep")
                continue
            }
            var report = ProgramReport(.metric)
            report.name = name
            report.value = value
            report.step = request.step
            emit(report.line)
        }
    }
}
