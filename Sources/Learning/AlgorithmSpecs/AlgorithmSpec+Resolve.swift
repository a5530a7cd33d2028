import Diagnostics

extension AlgorithmSpec {
    /// Checks what the user gave against this specification and fills in the defaults.
    ///
    /// Values may be plain text, JSON strings (`"3"` with its quotes) or lists (`["msd"]`).
    ///
    /// - Parameter common: hyperparameters that every algorithm accepts, of the runtime.
    /// - Throws: `LockstepError(.configuration)` naming the hyperparameter, its value and what it must
    ///   be; where there are several mistakes, the first by name.
    public func resolve(
        _ given: [String: String], common: [HyperparameterSpec] = []
    ) throws -> ResolvedHyperparameters {
        let specs =
            hyperparameters
            + common.filter { other in
                !hyperparameters.contains { $0.name == other.name }
            }
        for name in given.keys.sorted() where !specs.contains(where: { $0.name == name }) {
            throw unknown(name, among: specs.map(\.name))
        }
        var values: [String: String] = [:]
        for spec in specs.sorted(by: { $0.name < $1.name }) {
            if let text = given[spec.name] {
                values[spec.name] = try spec.check(text)
            } else if spec.isRequired {
                throw LockstepError(
                    .configuration,
                    "hyperparameter \(spec.name) is missing: \(name) needs it, and it must be "
                        + spec.requirement)
            } else if let text = spec.defaultValue {
                values[spec.name] = try spec.check(text)
            }
        }
        for constraint in constraints {
            if let complaint = constraint(values) { throw LockstepError(.configuration, complaint) }
        }
        return ResolvedHyperparameters(checked: values)
    }

    private func unknown(_ given: String, among names: [String]) -> LockstepError {
        var message = "hyperparameter \(given) is unknown to \(name)"
        if let nearest = NameDistance.nearest(to: given, among: names) {
            message += "; did you mean \(nearest)?"
        } else if Self.builtIns.contains(where: { $0.name == name }) {
            message += "; `lockstep algorithms describe \(name)` lists those it has"
        } else {
            message += "; it has " + names.joined(separator: ", ")
        }
        return LockstepError(.configuration, message)
    }
}

extension AlgorithmSpec {
    /// The algorithms that come with Lockstep, by name.
    public static let builtIns: [AlgorithmSpec] = [.kmeans, .linearLearner]

    /// The built-in algorithm of that name.
    ///
    /// - Throws: `LockstepError(.configuration)` naming the built-ins when there is none.
    public static func builtIn(named name: String) throws -> AlgorithmSpec {
        if let spec = builtIns.first(where: { $0.name == name }) { return spec }
        let names = builtIns.map(\.name)
        let hint = NameDistance.nearest(to: name, among: names).map { "did you mean \($0)?" }
        throw LockstepError(
            .configuration,
            "there is no algorithm '\(name)'; "
                + (hint ?? "the built-in algorithms are " + names.joined(separator: ", ")))
    }
}
