import JSON
import Diagnostics

/// Finds members of a request that this cluster would have to ignore against the sender's will.
struct MemberCheck {
    let request: JSONValue
    /// Whether the job brings a program of its own.
    let isProgram: Bool

    /// - Throws: `LockstepError(.configuration)` naming the first such member and what to do.
    func check() throws {
        for rule in MemberTable.rules {
            guard case .refused(let refusal) = rule.treatment else { continue }
            if refusal.isForProgramsOnly, !isProgram { continue }
            for member in Self.members(at: rule.path, in: request)
            where !member.value.asksForNothing && !refusal.isHarmless(member.value) {
                throw LockstepError(
                    .configuration, "\(member.name) is not offered: \(refusal.advice)")
            }
        }
    }

    /// The values at a rule's path, each with a name for people.
    static func members(at path: String, in request: JSONValue) -> [(name: String, value: JSONValue)] {
        var found: [(name: String, value: JSONValue)] = [("", request)]
        for part in path.split(separator: ".") {
            let isList = part.hasSuffix("[]")
            let member = String(isList ? part.dropLast(2) : part)
            found = found.flatMap { place -> [(name: String, value: JSONValue)] in
                guard let value = place.value[member] else { return [] }
                let name = join(place.name, member)
                guard isList else { return [(name, value)] }
                return (value.array ?? []).enumerated().map { (element($1, $0, of: name), $1) }
            }
        }
        return found
    }

    private static func join(_ place: String, _ member: String) -> String {
        if place.isEmpty { return member }
        return place.hasSuffix(":") ? "\(place) \(member)" : "\(place).\(member)"
    }

    /// `InputDataConfig channel train:`, or the place in the list where there is no such name.
    private static func element(_ value: JSONValue, _ index: Int, of list: String) -> String {
        value["ChannelName"]?.string.map { "\(list) channel \($0):" } ?? "\(list)[\(index)]"
    }
}

extension JSONValue {
    /// False, or empty through and through: a member that is there but asks for nothing.
    fileprivate var asksForNothing: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .integer, .number: false
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.values.allSatisfy(\.asksForNothing)
        }
    }
}
