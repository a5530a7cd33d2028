public import JobSpecs
import StorageLocations

extension JobDraft {
    /// - Parameter requestJSON: the request as received, only to be given back.
    /// - Throws: `LockstepError(.configuration)` for an output that is on no file system.
    public init(_ job: JobSpec, requestJSON: String) throws {
        self.init(
            name: job.name, requestJSON: requestJSON,
            specJSON: String(decoding: try job.encoded(), as: UTF8.self), arn: job.arn,
            modelArtifact: StorageLocation(path: try JobLocations(job).modelArtifact).uri,
            slotCount: job.resources.ranks, maxRuntimeSeconds: job.policy.maxRuntimeSeconds,
            maximumRestarts: job.policy.maximumRestarts, policy: JobPolicy(job))
    }
}

extension JobPolicy {
    /// What a job's specification asks of the scheduler.
    public init(_ job: JobSpec) {
        self.init(
            minimumSlots: job.resources.minimumRanks, priority: job.policy.priority,
            isPreemptible: job.policy.isPreemptible, usesSpot: job.policy.usesSpot,
            maxWaitSeconds: job.policy.maxWaitSeconds, keeper: Keeper(job.policy.keeper))
    }
}

extension JobPolicy.Keeper {
    fileprivate init(_ keeper: JobSpec.Policy.Keeper) {
        self =
            switch keeper {
            case .never: .never
            case .always: .always
            case .whenAllSpot: .whenAllSpot
            }
    }
}
