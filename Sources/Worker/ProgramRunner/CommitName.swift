/// Names a commit of a program: one rank's state at a step of an attempt. Also the name of its file.
package struct CommitName: Sendable, Hashable {
    package var attempt: Int
    package var rank: Int
    /// Ranks of that attempt.
    package var world: Int
    package var step: Int

    private static let prefix = "program-commit-"

    package var fileName: String { "\(Self.prefix)\(attempt)-\(rank)-\(world)-\(step)" }

    package init(attempt: Int, rank: Int, world: Int, step: Int) {
        self.attempt = attempt
        self.rank = rank
        self.world = world
        self.step = step
    }

    /// - Returns: `nil` for the name of anything else: a file that is being written, or was set aside.
    package init?(fileName: String) {
        guard fileName.hasPrefix(Self.prefix) else { return nil }
        let numbers = fileName.dropFirst(Self.prefix.count).split(separator: "-").map { Int($0) }
        guard numbers.count == 4, let attempt = numbers[0], let rank = numbers[1], let world = numbers[2],
            let step = numbers[3], rank < world
        else { return nil }
        self.init(attempt: attempt, rank: rank, world: world, step: step)
        guard self.fileName == fileName else { return nil }
    }
}
