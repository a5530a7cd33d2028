/// A regular expression of a service model, tried on whole texts.
///
/// All ways through the pattern are followed at once, so that no text takes longer than its length times the
/// pattern's (a look ahead: times the length of what it looks at); a text that takes more than
/// `mostSteps` all the same does not match.
package struct TextPattern: Sendable {
    private let program: PatternProgram
    /// The pattern is one set, so many times: most are, and need no program.
    private let simple: (set: ScalarSet, least: Int, most: Int)?

    package static let mostSteps = 20_000_000

    /// - Throws: a sentence about a pattern that is wrong or needs more than is known here.
    package init(_ pattern: String) throws {
        var parser = PatternParser(pattern)
        let node = try parser.parse()
        program = PatternProgram(node)
        if case .repeated(.set(let set), let least, let most) = node {
            simple = (set, least, most ?? .max)
        } else {
            simple = nil
        }
    }

    /// Whether the whole of `text` matches.
    package func matches(_ text: String) -> Bool {
        if let simple {
            var count = 0
            for scalar in text.unicodeScalars {
                guard simple.set.contains(scalar.value) else { return false }
                count += 1
            }
            return count >= simple.least && count <= simple.most
        }
        var run = PatternRun(program, text.unicodeScalars.map(\.value), mostSteps: Self.mostSteps)
        return run.matches(from: 0, toEnd: true)
    }
}

/// A pattern as instructions; the last is `match`.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        /// Takes one scalar of the set and goes on at the next instruction.
        case take(ScalarSet)
        case jump(Int)
        case split(Int, Int)
        case start, end, wordEnd
        case ahead(PatternProgram, isInverted: Bool)
        case behind(ScalarSet, isInverted: Bool)
        case match
    }

    private(set) var instructions: [Instruction] = []

    init(_ node: PatternNode) {
        add(node)
        instructions.append(.match)
    }

    private mutating func add(_ node: PatternNode) {
        switch node {
        case .set(let set): instructions.append(.take(set))
        case .sequence(let nodes): for node in nodes { add(node) }
        case .choice(let nodes): addChoice(nodes[...])
        case .repeated(let node, let least, let most): addRepeated(node, least, most)
        case .start: instructions.append(.start)
        case .end: instructions.append(.end)
        case .wordEnd: instructions.append(.wordEnd)
        case .ahead(let node, let isInverted):
            instructions.append(.ahead(PatternProgram(node), isInverted: isInverted))
        case .behind(let set, let isInverted): instructions.append(.behind(set, isInverted: isInverted))
        }
    }

    private mutating func addChoice(_ nodes: ArraySlice<PatternNode>) {
        guard let first = nodes.first, nodes.count > 1 else {
            if let only = nodes.first { add(only) }
            return
        }
        let split = instructions.count
        instructions.append(.jump(0))
        add(first)
        let jump = instructions.count
        instructions.append(.jump(0))
        instructions[split] = .split(split + 1, instructions.count)
        addChoice(nodes.dropFirst())
        instructions[jump] = .jump(instructions.count)
    }

    private mutating func addRepeated(_ node: PatternNode, _ least: Int, _ most: Int?) {
        for _ in 0..<least { add(node) }
        guard let most else {
            let split = instructions.count
            instructions.append(.jump(0))
            add(node)
            instructions.append(.jump(split))
            instructions[split] = .split(split + 1, instructions.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<most {
            splits.append(instructions.count)
            instructions.append(.jump(0))
            add(node)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }
}

/// One trial of a program on a text.
struct PatternRun {
    private let program: PatternProgram
    private let text: [UInt32]
    private let mostSteps: Int
    private(set) var steps = 0
    /// Instructions that are alive, in order of their finding.
    private var alive: [Int] = []
    /// At which place of the text an instruction was found alive, plus one.
    private var foundAt: [Int]
    private var hasMatched = false

    init(_ program: PatternProgram, _ text: [UInt32], mostSteps: Int) {
        self.program = program
        self.text = text
        self.mostSteps = mostSteps
        foundAt = Array(repeating: 0, count: program.instructions.count)
    }

    /// Whether the text from `start` on matches: all of it, or a part that begins there.
    mutating func matches(from start: Int, toEnd: Bool) -> Bool {
        find(0, at: start)
        for place in start..<text.count {
            if hasMatched, !toEnd { return true }
            if alive.isEmpty || steps > mostSteps { return false }
            hasMatched = false
            let current = alive
            alive.removeAll(keepingCapacity: true)
            for index in current {
                if case .take(let set) = program.instructions[index], set.contains(text[place]) {
                    find(index + 1, at: place + 1)
                }
            }
        }
        return hasMatched
    }

    /// Follows everything from an instruction on that takes no scalar.
    private mutating func find(_ first: Int, at place: Int) {
        var waiting = [first]
        while let index = waiting.popLast() {
            guard foundAt[index] != place + 1 else { continue }
            foundAt[index] = place + 1
            steps += 1
            switch program.instructions[index] {
            case .take: alive.append(index)
            case .match: hasMatched = true
            case .jump(let target): waiting.append(target)
            case .split(let first, let second): waiting += [second, first]
            case .start: if place == 0 { waiting.append(index + 1) }
            case .end: if place == text.count { waiting.append(index + 1) }
            case .wordEnd: if isWord(place - 1) != isWord(place) { waiting.append(index + 1) }
            case .ahead(let inner, let isInverted):
                if looksAhead(inner, at: place) != isInverted { waiting.append(index + 1) }
            case .behind(let set, let isInverted):
                let isThere = place > 0 && set.contains(text[place - 1])
                if isThere != isInverted { waiting.append(index + 1) }
            }
        }
    }

    private mutating func looksAhead(_ inner: PatternProgram, at place: Int) -> Bool {
        var run = PatternRun(inner, text, mostSteps: max(0, mostSteps - steps))
        defer { steps += run.steps }
        return run.matches(from: place, toEnd: false)
    }

    private func isWord(_ place: Int) -> Bool {
        text.indices.contains(place) && ScalarSet.wordScalars.contains(text[place])
    }
}
