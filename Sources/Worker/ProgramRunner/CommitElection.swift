/// Which commits matter: told from their names alone, so that every host finds the same.
package enum CommitElection {
    /// A step that all ranks of an attempt have committed.
    package struct Choice: Codable, Sendable, Hashable {
        package var attempt: Int
        package var world: Int
        package var step: Int

        /// The commit that a rank of a later world goes on from, however many ranks that has.
        package func name(for rank: Int) -> CommitName {
            CommitName(attempt: attempt, rank: rank % world, world: world, step: step)
        }

        fileprivate var order: (Int, Int) { (attempt, step) }
    }

    /// Steps of which every rank's commit is there, newest first. A later attempt is newer whatever its
    /// steps: it went on from an earlier one, or began anew on purpose.
    package static func complete(_ names: [CommitName]) -> [Choice] {
        let groups = Dictionary(grouping: Set(names)) {
            Choice(attempt: $0.attempt, world: $0.world, step: $0.step)
        }
        return groups.filter { $1.count == $0.world }.keys.sorted { $0.order > $1.order }
    }

    /// What attempt number `attempt` goes on from.
    package static func newest(of names: [CommitName], before attempt: Int) -> Choice? {
        complete(names.filter { $0.attempt < attempt }).first
    }

    /// Commits older than the two newest complete steps. Any rank may clear them away: when those are there,
    /// every rank has what it went on from.
    package static func superfluous(_ names: [CommitName]) -> [CommitName] {
        let kept = complete(names).prefix(2)
        guard kept.count == 2, let oldest = kept.last else { return [] }
        return names.filter { ($0.attempt, $0.step) < oldest.order }
    }
}
