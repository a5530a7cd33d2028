import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import Processes
import Storage

/// The folder of a local cluster: what `up` leaves there for `down` and for every other command.
struct ClusterFolder {
    let path: String

    static var defaultPath: String {
        HomeFolder.path(
            environment: ProcessInfo.processInfo.environment, accountHome: NSHomeDirectory())
    }

    /// Makes the folder if it is not there.
    init(_ path: String?) throws {
        self.path = URL(fileURLWithPath: path ?? Self.defaultPath).standardized.path
        try FileSystem.createFolder(logs)
    }

    /// Where clients find the API: read by every command that is given no endpoint.
    var endpointFile: String { path + "/endpoint.json" }
    /// The processes of the cluster.
    var processesFile: String { path + "/up.json" }
    var lockFile: String { path + "/up.lock" }
    var tokenFile: String { path + "/token" }
    var logs: String { path + "/logs" }
    /// What a detached `up` itself says.
    var ownLog: String { logs + "/up.log" }
    var coordinator: String { path + "/coordinator" }
    /// Written by the coordinator when it listens.
    var coordinatorEndpoints: String { coordinator + "/endpoints.json" }
    func worker(_ name: String) -> String { path + "/" + name }

    struct Processes: Codable {
        var up: ProcessIdentity
        var daemons: [ProcessIdentity]
    }

    /// The endpoint that a coordinator has written, or `nil` before it has.
    func endpoint(from file: String) -> ClusterEndpoint? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        return try? JSONDecoder().decode(ClusterEndpoint.self, from: data)
    }

    func processes() -> Processes? {
        guard let data = FileManager.default.contents(atPath: processesFile) else { return nil }
        return try? JSONDecoder().decode(Processes.self, from: data)
    }

    func write(_ value: some Encodable, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(encoder.encode(value)), to: file)
    }

    /// Makes the cluster's secret once; only the owner may read it.
    func makeToken() throws {
        guard !FileManager.default.fileExists(atPath: tokenFile) else { return }
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in String(generator.next() as UInt64, radix: 16) }
        let descriptor = open(tokenFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LockstepError(.io, "cannot create \(tokenFile): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let text = Array("lockstep-\(words.joined(separator: "-"))\n".utf8)
        guard Glibc.write(descriptor, text, text.count) == text.count else {
            throw LockstepError(.io, "cannot write \(tokenFile): \(String(cString: strerror(errno)))")
        }
    }

    /// The last line of a daemon's log, for a message about its end.
    func lastLine(ofLog file: String) -> String? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").last.map(String.init)
    }
}
