import ClusterTypes
import ControlChannel
import CoordinatorService
import Foundation
import JobLifecycle
import JobSpecs
import Logging
import Storage
import StorageLocations
import Synchronization
import Wire

/// A worker of which only the messages to it exist.
struct RecordedWorker {
    let peer: ControlPeer
    private let record: Record

    private final class Record: Sendable {
        let messages = Mutex<[ControlMessage]>([])
    }

    init(_ address: String) {
        let record = Record()
        self.record = record
        peer = ControlPeer(address: address) { message in
            if let message { record.messages.withLock { $0.append(message) } }
        }
    }

    /// What was sent so far.
    var messages: [ControlMessage] { record.messages.withLock { $0 } }

    var launches: [LaunchOrder] {
        messages.compactMap { if case .launch(let order) = $0 { order } else { nil } }
    }
}

/// A coordinator without a network, on a clock that stands until it is advanced.
final class CoordinatorBench {
    private let folder: String
    private let time: Clock
    private(set) var coordinator: Coordinator
    private var connections = 0
    private var numbers: [WorkerID: Int] = [:]

    private final class Clock: Sendable {
        let seconds = Mutex(1000.0)
        /// What the wall clock shows beyond that.
        let jump = Mutex(0.0)
        /// The start of the machine.
        let boot = Mutex(1)
    }

    static func with(_ body: (CoordinatorBench) async throws -> Void) async throws {
        try await withScratchFolder { folder in
            let bench = try CoordinatorBench(folder)
            try await body(bench)
            try await bench.coordinator.close()
        }
    }

    private init(_ folder: String) throws {
        let time = Clock()
        self.folder = folder
        self.time = time
        coordinator = try Self.open(folder, time)
    }

    /// Another coordinator on the same folder.
    func open() throws -> Coordinator { try Self.open(folder, time) }

    private static func open(_ folder: String, _ time: Clock) throws -> Coordinator {
        try Coordinator(
            CoordinatorConfiguration(dataFolder: folder, host: "127.0.0.1", port: 0, tokenFile: "none"),
            logger: ControlChannelTests.quiet,
            clock: CoordinatorClock(
                boot: "\(time.boot.withLock { $0 })",
                uptime: { time.seconds.withLock { $0 } - Double(time.boot.withLock { $0 }) * 500 },
                wall: { time.seconds.withLock { $0 } + time.jump.withLock { $0 } }))
    }

    func restart() async throws {
        try await coordinator.close()
        coordinator = try open()
    }

    /// Where the job store lies.
    var storeFile: String { folder + "/lockstep.sqlite" }
    /// What it takes of the disk, in bytes.
    var storeBytes: Int { FileSystem.bytes(below: folder) }

    /// Sets the wall clock.
    func jump(_ seconds: Double) { time.jump.withLock { $0 += seconds } }

    /// Starts the machine anew, with the coordinator.
    func reboot() async throws {
        try await coordinator.close()
        time.boot.withLock { $0 += 1 }
        coordinator = try open()
    }

    func advance(_ seconds: Double) { time.seconds.withLock { $0 += seconds } }

    func register(
        _ name: String, instance: String? = nil, attempts: [AttemptID] = []
    ) async throws -> RecordedWorker {
        connections += 1
        let worker = RecordedWorker("\(name)-\(connections)")
        numbers[WorkerID(name)] = try await coordinator.register(
            Registration(
                worker: WorkerID(name), instance: instance ?? name, address: "127.0.0.1", slots: 1,
                launchPort: 1, attempts: attempts),
            peer: worker.peer)
        return worker
    }

    func heard(_ worker: String, _ message: ControlMessage) async throws {
        let id = WorkerID(worker)
        try await coordinator.heard(id, connection: numbers[id] ?? 0, message)
    }

    /// Attempt `number` of the job `job` ends on w1.
    func end(_ number: Int, _ end: AttemptEnd) async throws {
        let attempt = AttemptID(job: JobName("job"), number: number)
        try await heard("w1", .ended(attempt, end: Array(JSONEncoder().encode(end))))
    }

    /// One progress event of the job `job`.
    func events(_ attempt: Int, offset: UInt64, step: Int) -> ControlMessage {
        let line = "{\"kind\":\"progress\",\"time\":1,\"step\":\(step)}\n"
        return .lines([
            LineChunk(
                attempt: AttemptID(job: JobName("job"), number: attempt), stream: "events", offset: offset,
                data: Array(line.utf8))
        ])
    }

    @discardableResult
    func create(_ name: String, slots: Int, invocation: String? = nil) async throws -> JobRecord {
        let job = JobSpec(
            name: JobName(name), arn: "arn",
            locations: JobSpec.Locations(output: StorageLocation(path: "/m")),
            resources: JobSpec.Resources(ranks: slots),
            policy: JobSpec.Policy(maximumRestarts: 10, maxRuntimeSeconds: 1000), environment: ["A": "1"])
        return try await coordinator.createJob(
            try JobDraft(job, requestJSON: "{\"TrainingJobName\":\"\(name)\"}"), invocationID: invocation)
    }
}
