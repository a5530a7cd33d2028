/// Rare things that a run of many seeds has to have met, lest the simulation go blind.
enum Situation: Int, CaseIterable {
    case crashBeforeWrite, crashAfterWrite, crashBetweenEffects, coordinatorRestart, writeRolledBack
    case createRepeated, createdTogether, stopRequested, stoppedWhileWaiting
    case connectionLost, silentConnection, reportRepeated, partition, leaseOver
    case daemonDied, daemonStopped, attemptAdopted, gangAbandoned, supervisorDied, attemptVanished
    case nodeDied, nodeCameBackEmpty, nodeCameBackWithDisk, launchRepeated, attemptMissing
    case gangsOverlapped, staleAttemptKilled
    case drainOrdered, spotNotice, noticeWithdrawn, drained, overstayed, leftInTime
    case preempted, grown, shrunk, keeperUsed, keptByKeeper
    case rankCrashed, usersError, diverged, quarantined, notStarted
    case resumedFromHotState, resumedFromCheckpoint, startedAnew
    case completed, failed, stopped, runtimeExceeded, waitExceeded, neverFits
    case clockSet, coordinatorStalled, heardWhileStalled
}

/// How often each situation was met.
struct Situations {
    private(set) var counts = [Int](repeating: 0, count: Situation.allCases.count)

    mutating func note(_ situation: Situation) { counts[situation.rawValue] += 1 }

    mutating func add(_ other: Situations) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    subscript(situation: Situation) -> Int { counts[situation.rawValue] }

    var missing: [Situation] { Situation.allCases.filter { self[$0] == 0 } }

    var table: String { Situation.allCases.map { "\($0) \(self[$0])" }.joined(separator: ", ") }
}
