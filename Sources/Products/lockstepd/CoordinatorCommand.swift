import ArgumentParser
import CProcess
import CoordinatorService
import Diagnostics
import Foundation
import JobLifecycle
import JobRequests
import Logging
import SageMakerAPI
import ServiceLifecycle
import UnixSignals

struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Serves the public API, schedules jobs and keeps their state.")

    @Option(help: "Folder for the job store; one coordinator at a time.")
    var dataDir: String
    @Option(help: "ADDRESS:PORT where workers connect; port 0 takes a free one.")
    var listen = HostPort(host: "127.0.0.1", port: 7461)
    @Option(help: "ADDRESS:PORT of the public API; port 0 takes a free one.")
    var api = HostPort(host: "127.0.0.1", port: 7460)
    @Option(
        help: ArgumentHelp(
            "A name that clients use for the API's address, beside the address itself. May be repeated.",
            valueName: "name"))
    var apiHost: [String] = []
    @Flag(help: "Take requests without a key from everybody who reaches the API.")
    var insecure = false
    @Option(help: "File with the secret that admits workers.")
    var tokenFile: String
    @Option(help: "Seconds of silence after which a worker counts as lost.")
    var lease = CoordinatorConfiguration.defaultLeaseSeconds

    @Option(
        help: ArgumentHelp(
            "A folder that jobs may name data, code, outputs and checkpoints in, as the workers' --data-root "
                + "says; others are refused at once. May be repeated.", valueName: "folder"))
    var dataRoot: [String] = []
    @Option(help: "Days for which jobs that are over are remembered, with their logs.")
    var keepDays = Int(Retention.standard.keepDays)
    @Option(help: "Newest jobs that are remembered when they are over.")
    var keepJobs = Retention.standard.keepJobs

    func validate() throws {
        guard keepDays >= 1 else { throw ValidationError("--keep-days is \(keepDays): it must be 1 or more") }
        guard keepJobs >= 0 else { throw ValidationError("--keep-jobs is \(keepJobs): it must be 0 or more") }
        guard lease >= 2 else { throw ValidationError("--lease must be at least 2 seconds") }
    }

    func run() async throws {
        cprocess_keep_files_private()
        let logger = DaemonLogging.logger("lockstepd.coordinator")
        let access = APIAccess(coordinatorFolder: dataDir, isInsecure: insecure, hostNames: apiHost)
        try access.check(host: api.host)
        let coordinator = try Coordinator(
            CoordinatorConfiguration(
                dataFolder: dataDir, host: listen.host, port: listen.port, tokenFile: tokenFile,
                leaseSeconds: lease,
                retention: Retention(keepDays: Double(keepDays), keepJobs: keepJobs),
                readRequest: EarlierRequest.job),
            logger: logger)
        let server = try await CoordinatorServer(coordinator)
        let endpoints = EndpointsFile(path: dataDir + "/endpoints.json")
        let publicAPI = PublicAPI.make(
            service: coordinator, host: api.host, port: api.port, access: access,
            dataRoots: dataRoot, logger: logger
        ) { apiPort in
            do {
                try endpoints.write(
                    control: HostPort(host: listen.host, port: server.port),
                    api: HostPort(host: api.host, port: apiPort))
            } catch {
                logger.error("endpoints not written", metadata: ["reason": "\(error)"])
            }
            logger.info(
                "coordinator ready",
                metadata: ["control": "\(listen.host):\(server.port)", "api": "\(api.host):\(apiPort)"])
        }
        defer { endpoints.remove() }
        try await ServiceGroup(
            services: [server, publicAPI], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
        try await coordinator.close()
    }
}
