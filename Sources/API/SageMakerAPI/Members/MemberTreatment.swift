import JSON

/// What this cluster does with a member of CreateTrainingJob.
package enum MemberTreatment: Sendable {
    /// The job does what the member says.
    case works
    /// Kept and given back by Describe; the text says why that is all there is to do.
    case echoed(String)
    /// Refused by name, so that nobody relies on what does not happen.
    case refused(Refusal)

    /// Why a member is refused, and when.
    package struct Refusal: Sendable {
        /// What to do instead; follows "… is not offered: ".
        package let advice: String
        /// Whether only jobs with a program of their own are refused.
        package let isForProgramsOnly: Bool
        /// Values that change nothing and are therefore taken; what is empty or false always is.
        let isHarmless: @Sendable (JSONValue) -> Bool
    }

    static func refused(
        _ advice: String, forProgramsOnly: Bool = false,
        unless isHarmless: @escaping @Sendable (JSONValue) -> Bool = { _ in false }
    ) -> MemberTreatment {
        .refused(Refusal(advice: advice, isForProgramsOnly: forProgramsOnly, isHarmless: isHarmless))
    }
}

/// A member and its treatment.
package struct MemberRule: Sendable {
    /// Dotted path from the request, `[]` behind a list of structures: `InputDataConfig[].ChannelName`.
    package let path: String
    package let treatment: MemberTreatment

    init(_ path: String, _ treatment: MemberTreatment) {
        self.path = path
        self.treatment = treatment
    }

    /// Whether the rule speaks for the member at `path`: for itself, and where it refuses also for all below.
    func covers(_ path: String) -> Bool {
        if path == self.path { return true }
        guard case .refused = treatment else { return false }
        return path.hasPrefix(self.path + ".") || path.hasPrefix(self.path + "[]")
    }
}
