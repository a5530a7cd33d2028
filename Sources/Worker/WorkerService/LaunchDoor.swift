import CProcess
import Diagnostics
import Foundation
import Glibc
import Processes
import Storage
import Wire

/// How a gang of another user reaches the other nodes: its launch agents may not know the cluster's token, so
/// they ask the supervisor, through a socket in the job's room, to speak to the workers for them.
///
/// An agent hands over its standard streams and the words; what runs on the other node runs there as the
/// job's user, whoever asks.
struct LaunchDoor {
    /// Variable that names the folder of the socket to launch agents.
    static let variable = "LOCKSTEP_LAUNCH_FOLDER"
    /// Variable that tells a launch agent that it speaks for another one.
    static let served = "LOCKSTEP_LAUNCH_SERVED"
    static let socketName = "launch.sock"
    /// Most bytes of an agent's words.
    private static let bytesMax = 64 << 10
    /// Launch agents at a time, for each node of the gang.
    private static let agentsEach = 2

    private let plan: LaunchPlan
    private let attemptFolder: String
    private let listener: Int32
    /// Connections that have not said anything yet.
    private var fresh: [Int32] = []
    /// Connections of agents that are spoken for, by process.
    private var agents: [Int32: Int32] = [:]

    /// - Parameters:
    ///   - folder: where the socket is made.
    ///   - attemptFolder: with the plan that speaking for an agent needs.
    /// - Throws: `LockstepError(.io)` naming the folder.
    init(folder: String, plan: LaunchPlan, attemptFolder: String, user: JobUser) throws {
        self.plan = plan
        self.attemptFolder = attemptFolder
        listener = cprocess_listen(folder, Self.socketName)
        guard listener >= 0 else { throw LockstepError.system("listen in", folder) }
        try user.give("\(folder)/\(Self.socketName)")
    }

    var polls: [pollfd] {
        ([listener] + fresh).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    /// Takes what has come, without waiting.
    mutating func serve() {
        let room = Self.agentsEach * plan.gang.count - fresh.count - agents.count
        while case let connection = cprocess_accept(listener), connection >= 0 {
            if room > 0 { fresh.append(connection) } else { close(connection) }
        }
        for connection in fresh {
            var bytes = [UInt8](repeating: 0, count: Self.bytesMax)
            var streams: [Int32] = [-1, -1]
            let count = cprocess_receive_streams(connection, &bytes, bytes.count, &streams)
            if count < 0, errno == EAGAIN { continue }
            fresh.removeAll { $0 == connection }
            let isServed = count > 0 && start(Array(bytes[..<count]), streams, connection)
            for stream in streams where stream >= 0 { close(stream) }
            if !isServed { close(connection) }
        }
    }

    /// A process of this one's has ended.
    mutating func ended(_ pid: Int32, status: Int32) {
        guard let connection = agents.removeValue(forKey: pid) else { return }
        var word = UInt8(truncatingIfNeeded: ChildProcess.shellStatus(status))
        _ = write(connection, &word, 1)
        close(connection)
    }

    private mutating func start(_ bytes: [UInt8], _ streams: [Int32], _ connection: Int32) -> Bool {
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let host = words.first, plan.gang.contains(where: { GangHosts.isSame(host, $0.address) }),
            streams.allSatisfy({ $0 >= 0 })
        else { return false }
        var environment = ProcessInfo.processInfo.environment
        environment[GangCommand.marker] = attemptFolder
        environment[Self.served] = "1"
        let pid = try? ChildProcess.spawn(
            [plan.daemonProgram, "launch-agent"] + words, environment: environment, directory: "/",
            input: connection, output: streams[0], error: streams[1], diesWithParent: true)
        guard let pid else { return false }
        agents[pid] = connection
        return true
    }
}
