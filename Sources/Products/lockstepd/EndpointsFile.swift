import ClusterTypes
import Diagnostics
import Foundation

/// `endpoints.json` in the coordinator's data folder: where it listens, for as long as it does.
struct EndpointsFile {
    let path: String

    func write(control: HostPort, api: HostPort) throws {
        let content = ClusterEndpoint(
            api: "http://\(api)", control: "\(control)", pid: ProcessInfo.processInfo.processIdentifier)
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(content).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw LockstepError(.io, "cannot write \(path)", cause: error)
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
