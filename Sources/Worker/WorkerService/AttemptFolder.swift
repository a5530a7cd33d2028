package import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
package import Processes
import ProgramContract
import Storage
package import Wire

/// What the supervisor needs to know, in `launch.json`.
package struct LaunchPlan: Codable, Sendable, Equatable {
    package var job: JobName
    package var number: Int
    package var gang: [GangMember]
    package var environment: [EnvironmentVariable]
    /// The program of a rank.
    package var trainProgram: String
    /// This program, which `mpirun` calls as its launch agent.
    package var daemonProgram: String
    package var tokenFile: String
    /// Locked for as long as the worker daemon lives.
    package var workerLock: String
    /// The supervisor ends the gang when the worker daemon has been gone for so long.
    package var abandonSeconds: Double
    /// The worker's `LeaseFile`, and after how many seconds without a new time in it the supervisor ends the
    /// gang.
    package var leaseFile: String?
    package var fenceSeconds: Double?
    /// Time between a stop request and the end by force.
    package var graceSeconds: Double
    /// Fewest ranks, without a state keeper, that the job does with.
    package var minimumRanks: Int
    /// First number of Open MPI's version.
    package var launcherVersion: Int

    /// User that the job runs as where the worker is root; empty or absent: as the worker.
    package var runAs: String?
    /// Path of the worker's `JobRooms`, where the job runs as another user.
    package var rooms: String?

    /// SHA-256 of a program's `plan.json`, once it is written.
    package var planDigest: String?

    /// What runs in place of `trainProgram`, where the job brings code of its own. (Its name is another than
    /// in earlier releases, whose plans of programs have no specification.)
    package var ownProgram: ProgramLaunch?

    /// SHA-256 of the request as received; `nil` in plans of earlier releases.
    package var requestDigest: String?

    package var attempt: AttemptID { AttemptID(job: job, number: number) }
    /// With whose rights the job's files are read and written; `nil`: with the worker's.
    func user() throws -> JobUser? { try JobUser(runAs ?? "", job: job.rawValue) }
    /// Whether `mpirun` and the ranks run as that user. The runners of scripts do not: they make what only
    /// root can make, and start their program as the user.
    var gangRunsAsUser: Bool { ownProgram?.plan?.kind != .script }
    /// What ranks read and write: `own`, or the folder in the job's room when they may not enter that.
    func rankFolder(_ own: AttemptFolder) -> AttemptFolder {
        guard let rooms, gangRunsAsUser else { return own }
        return JobRooms(path: rooms).attempt(attempt)
    }
    /// Whether the gang may go on when ranks die: the job is elastic and the MPI can.
    package var mayShrink: Bool {
        launcherVersion >= 5 && ownProgram?.isScript != true
            && world - (gang.contains(where: \.isKeeper) ? 1 : 0) > minimumRanks
    }
    package var world: Int { gang.reduce(0) { $0 + $1.ranks } }
}

/// The files of one attempt on the worker that supervises it.
package struct AttemptFolder: Sendable, Equatable {
    package let attempt: AttemptID
    package let path: String

    /// - Parameter attempts: the folder that holds all attempts of the worker.
    package init(_ attempt: AttemptID, in attempts: String) {
        self.attempt = attempt
        path = "\(attempts)/\(attempt.job)/\(attempt.number)"
    }

    /// An existing folder, whatever lies above it.
    init(attempt: AttemptID, path: String) {
        self.attempt = attempt
        self.path = path
    }

    /// Reads the plan of a folder of which only the path is known.
    package static func plan(path: String) throws -> LaunchPlan {
        try read(LaunchPlan.self, "\(path)/\(planName)")
    }

    /// What comes last when a folder is made.
    static let planName = "launch.json"

    package var jobFile: String { path + "/" + AttemptFiles.job }
    package var eventsFile: String { path + "/" + AttemptFiles.events }
    package var exitFile: String { path + "/" + AttemptFiles.exit }
    package var launchFile: String { path + "/" + Self.planName }
    package var supervisorFile: String { path + "/supervisor.json" }
    package var settledFile: String { path + "/" + AttemptRetention.settledName }
    package var logs: String { path + "/logs" }
    package func logFile(rank: Int) -> String { "\(logs)/algo-\(rank + 1).log" }
    /// What `mpirun` itself says.
    package var launcherLog: String { path + "/mpirun.log" }

    package var exists: Bool { FileManager.default.fileExists(atPath: launchFile) }
    package var isSettled: Bool { FileManager.default.fileExists(atPath: settledFile) }

    /// Makes the folder; `launch.json` comes last, so that a folder without it counts for nothing.
    ///
    /// - Parameter spec: the job's specification.
    package func create(_ plan: LaunchPlan, spec: [UInt8]) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: logs, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw LockstepError(.io, "cannot make the folder \(logs)", cause: error)
        }
        try AtomicFile.write(spec, to: jobFile)
        try Self.write(plan, to: launchFile)
    }

    package func plan() throws -> LaunchPlan { try Self.read(LaunchPlan.self, launchFile) }
    /// What the attempt is of.
    func job() throws -> JobSpec {
        try JobSpec(decoding: AtomicFile.read(jobFile), source: jobFile)
    }
    package func end() throws -> AttemptEnd? { try Self.readIfPresent(AttemptEnd.self, exitFile) }
    package func supervisor() throws -> ProcessIdentity? {
        try Self.readIfPresent(ProcessIdentity.self, supervisorFile)
    }

    /// Writes a file so that a reader sees all of it or nothing, also after a crash of the machine.
    package static func write(_ value: some Encodable, to path: String) throws {
        try AtomicFile.write(bytes(value), to: path)
    }

    static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(value))
    }

    private static func readIfPresent<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value? {
        FileManager.default.fileExists(atPath: path) ? try read(type, path) : nil
    }

    private static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw LockstepError(.damaged, "cannot read \(path)", cause: error)
        }
    }
}
