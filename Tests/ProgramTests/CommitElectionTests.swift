import ProgramRunner
import Testing

@Suite("Which commits count")
struct CommitElectionTests {
    /// Names from `attempt.rank/world.step` words.
    private func names(_ words: String) throws -> [CommitName] {
        try words.split(separator: " ").map { word in
            let numbers = word.split { $0 == "." || $0 == "/" }.compactMap { Int($0) }
            return CommitName(
                attempt: try #require(numbers.first), rank: numbers[1], world: numbers[2], step: numbers[3])
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let names: String
        let attempt: Int
        /// `attempt/world.step`; empty: none.
        let chosen: String
    }

    @Test(arguments: [
        Case(testDescription: "nothing there", names: "", attempt: 2, chosen: ""),
        Case(
            testDescription: "the newest of one rank", names: "1.0/1.3 1.0/1.4", attempt: 2, chosen: "1/1.4"),
        Case(
            testDescription: "a step that one rank lacks does not count",
            names: "1.0/2.3 1.1/2.3 1.0/2.4", attempt: 2, chosen: "1/2.3"),
        Case(testDescription: "no step in common", names: "1.0/2.3 1.1/2.4", attempt: 2, chosen: ""),
        Case(
            testDescription: "an attempt that got nowhere is passed over",
            names: "1.0/2.3 1.1/2.3 2.0/2.4", attempt: 3, chosen: "1/2.3"),
        Case(
            testDescription: "a later attempt that began anew wins",
            names: "1.0/1.9 2.0/1.1", attempt: 3, chosen: "2/1.1"),
        Case(
            testDescription: "an attempt of fewer ranks counts with its own number",
            names: "1.0/3.5 1.1/3.5 1.2/3.5 2.0/2.6 2.1/2.6", attempt: 3, chosen: "2/2.6"),
        Case(
            testDescription: "the attempt's own commits do not count",
            names: "1.0/1.5 2.0/1.6", attempt: 2, chosen: "1/1.5"),
    ])
    func newest(_ example: Case) throws {
        let choice = CommitElection.newest(of: try names(example.names), before: example.attempt)
        #expect(choice.map { "\($0.attempt)/\($0.world).\($0.step)" } ?? "" == example.chosen)
    }

    @Test("two complete steps stay, and all that is newer")
    func superfluous() throws {
        let all = try names("1.0/2.1 1.1/2.1 1.0/2.2 1.1/2.2 1.0/2.3 1.1/2.3 1.0/2.4")
        #expect(CommitElection.superfluous(all) == (try names("1.0/2.1 1.1/2.1")))
        #expect(CommitElection.superfluous(try names("1.0/2.1 1.0/2.2 1.1/2.2")).isEmpty)
        let resized = try names("1.0/3.1 1.1/3.1 1.2/3.1 2.0/2.2 2.1/2.2 2.0/2.3 2.1/2.3")
        #expect(CommitElection.superfluous(resized) == (try names("1.0/3.1 1.1/3.1 1.2/3.1")))
    }

    @Test("in a world of another size a rank takes over another's state")
    func takenOver() throws {
        let choice = CommitElection.newest(of: try names("1.0/2.7 1.1/2.7"), before: 2)
        #expect((0..<5).map { choice?.name(for: $0).rank } == [0, 1, 0, 1, 0])
    }

    @Test("a file name tells the commit, and half a file has none")
    func fileNames() {
        let name = CommitName(attempt: 2, rank: 1, world: 3, step: 50)
        #expect(CommitName(fileName: name.fileName) == name)
        for other in [
            name.fileName + ".writing", name.fileName + ".damaged", "hot-state-1", "program-commit-2-3-3-1",
            "program-commit-2-1-3-050",
        ] {
            #expect(CommitName(fileName: other) == nil, "\(other)")
        }
    }
}
