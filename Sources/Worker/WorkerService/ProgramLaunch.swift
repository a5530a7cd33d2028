import Checkpoints
import ClusterTypes
import Diagnostics
import Foundation
package import JobSpecs
package import ProgramContract
import Storage
package import Wire

/// What a gang runs in place of `lockstep-train`.
package struct ProgramLaunch: Codable, Sendable, Equatable {
    /// Of kind `algorithm`: the program of a rank and its first arguments.
    package var command: [String]?
    /// Of the other kinds: what the hosts are to know.
    package var plan: ProgramPlan?
    /// `model.tar.gz` of the job.
    package var modelArtifact: String

    /// Whether the ranks are hosts of a script or an MPI program, run by `lockstepd run-program`.
    package var isScript: Bool { plan != nil }
    package var planFile: String? { plan?.planFile }
    /// `output.tar.gz`, beside the model.
    package var outputArtifact: String { modelArtifact.dropLastComponent + "/output.tar.gz" }

    /// - Parameters:
    ///   - images: folders that values of TrainingImage stand for.
    ///   - graceSeconds: between SIGTERM and SIGKILL on a stop.
    /// - Returns: `nil` when the job asks for a built-in algorithm.
    /// - Throws: `LockstepError(.configuration)` for an image that the worker does not know.
    package init?(
        _ job: JobSpec, _ order: LaunchOrder, images: [String: String], graceSeconds: Double
    ) throws {
        guard let program = job.work.program else { return nil }
        let locations = try JobLocations(job)
        modelArtifact = locations.modelArtifact
        if program.kind == .algorithm {
            command = (program.command ?? []) + program.arguments
            return
        }
        let hosts = order.gang.flatMap { member in
            Array(repeating: (member.address, member.worker.rawValue), count: member.ranks)
        }
        plan = ProgramPlan(
            job: job, kind: program.kind, attempt: order.attempt.number,
            hosts: hosts.enumerated().map { index, host in
                ProgramPlan.Host(name: "algo-\(index + 1)", address: host.0, worker: host.1)
            },
            imageRoot: try Self.root(of: program.image, images), graceSeconds: graceSeconds,
            folder: ProgramPlan.folder(locations, attempt: order.attempt.number),
            mark: ProgramPlan.newMark(attempt: order.attempt.number))
    }

    /// Leaves word for the hosts, before they start.
    ///
    /// - Returns: digest of `plan.json`, which lies where the job may write; `nil`: there is none.
    func prepare() throws -> String? {
        guard let plan else { return nil }
        do {
            try FileSystem.createFolder(plan.folder)
            try AttemptFolder.write(plan, to: plan.planFile)
            // From here on no earlier attempt writes anything.
            try plan.begin()
        } catch let error as LockstepError {
            throw error.blamed(on: JobSpec.Locations.outputField)
        }
        return Checksum.sha256(try AttemptFolder.bytes(plan))
    }

    /// Packs what the hosts left, and removes it.
    ///
    /// - Parameters:
    ///   - withModel: whether there is a model: not after a failure.
    ///   - requestDigest: of a completed job, for its certificate; `nil`: there is none to write.
    func collect(_ attempt: AttemptID, withModel: Bool, requestDigest: String?) throws {
        guard let plan else { return }
        try ProgramCollection.merge(plan)
        let hasOutput = try !FileSystem.names(in: plan.outputFolder).isEmpty
        // One of an earlier attempt tells of other archives.
        if withModel || hasOutput { try ProgramCertificate.remove(beside: modelArtifact) }
        try ProgramCollection.pack(
            plan, modelArtifact: withModel ? modelArtifact : nil, outputArtifact: outputArtifact)
        if let requestDigest {
            try ProgramCertificate(
                attempt, kind: plan.kind.rawValue, requestDigest: requestDigest, model: modelArtifact,
                output: hasOutput ? outputArtifact : nil
            ).write(beside: modelArtifact)
        }
        try ProgramCollection.clear(plan)
    }

    /// The folder that an image stands for: by its full name, or by the name of its repository.
    ///
    /// - Returns: `nil`: the node's own files.
    static func root(of image: String?, _ images: [String: String]) throws -> String? {
        guard let image else { return nil }
        let name = ImageName.repository(in: image)
        guard let folder = images[image] ?? images[name] else {
            let known = images.keys.sorted().joined(separator: ", ")
            throw LockstepError(
                .configuration,
                "TrainingImage is \(image), which the worker does not know"
                    + (known.isEmpty ? "" : " (it knows \(known))")
                    + ": leave it out to run on the node's own files, or start workers with "
                    + "--image \(name)=FOLDER, or --image \(name)= for the node's own files")
        }
        return folder.isEmpty ? nil : folder
    }
}

extension String {
    fileprivate var dropLastComponent: String {
        split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
}
