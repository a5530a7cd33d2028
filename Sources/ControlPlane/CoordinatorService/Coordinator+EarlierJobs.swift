import ClusterTypes
import Diagnostics
import JobLifecycle
import JobSpecs
import JobStore
import Logging

extension Coordinator {
    /// All jobs of the store. One that an earlier release has stored, without a specification, gets it now,
    /// from its request; it is stored too, so that the request is read this once.
    static func jobs(
        in store: JobStore, _ configuration: CoordinatorConfiguration, _ logger: Logger
    ) throws -> [(LifecycleState, invocationID: String?)] {
        var made: [(name: JobName, text: String)] = []
        let jobs = try store.jobs().map { stored in
            var state = stored.state
            if state.record.specJSON == nil, let read = configuration.readRequest {
                do {
                    let job = try read(state.record.requestJSON, state.record.arn)
                    let text = String(decoding: try job.encoded(), as: UTF8.self)
                    state.setSpecification(text)
                    made.append((state.record.name, text))
                } catch {
                    // Its history can be told all the same; an attempt of it says that it has none.
                    logger.warning(
                        "job without a specification",
                        metadata: ["job": "\(state.record.name)", "reason": "\(error)"])
                }
            }
            return (state, invocationID: stored.invocationID)
        }
        if !made.isEmpty {
            try store.write { transaction in
                for (name, text) in made { try transaction.setSpecification(text, of: name) }
            }
        }
        return jobs
    }
}
