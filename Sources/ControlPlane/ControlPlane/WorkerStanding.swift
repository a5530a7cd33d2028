package import ClusterTypes
package import JobLifecycle

/// What the coordinator knows of a worker at this moment.
package struct WorkerStanding: Sendable, Equatable {
    package var profile: WorkerProfile
    /// Of the daemon that is or was connected; `nil` before it has come since the coordinator's start.
    package var instance: String?
    /// Number of its connection; `nil` while there is none.
    package var connection: Int?
    /// When it was heard last, or since when it is awaited, by the steady clock.
    package var lastHeard: Double
    /// Whether its lease is over.
    package var isLost = false
    /// Attempts it still runs although they have been given up; their slots are not free.
    package var abandoned: Set<AttemptID> = []
    /// Whether it has been told on this connection that nothing is left on it.
    package var knowsItIsDrained = false
    /// Bytes of hot state in its shared memory.
    package var hotStateBytes = 0

    package init(_ profile: WorkerProfile, lastHeard: Double) {
        self.profile = profile
        self.lastHeard = lastHeard
    }

    /// Whether its connection stands.
    package var isPresent: Bool { connection != nil && !isLost }

    /// Whether gangs may be placed here.
    package var isReady: Bool { isPresent && profile.departure == nil && profile.quarantine == nil }
}
