package import ClusterTypes
package import JobLifecycle

extension ClusterState {
    /// Jobs that are over and that `retention` does not keep, oldest end first; none of which a worker may
    /// still run an attempt.
    ///
    /// - Parameter time: seconds since 1970.
    package func collectable(_ retention: Retention, at time: Double) -> [JobName] {
        let running = Set(workers.values.flatMap { $0.abandoned.map(\.job) })
        let over = jobs.values.filter { $0.phase == .over && !running.contains($0.record.name) }
            .map { ($0.record.name, $0.record.lastModifiedTime) }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        let surplus = max(0, over.count - retention.keepJobs)
        let limit = time - retention.keepDays * 86_400
        return over.enumerated().filter { $0.offset < surplus || $0.element.1 < limit }.map(\.element.0)
    }
}
