import Diagnostics

/// Hyperparameters after checking: every name known, every value of its type and in range, defaults
/// filled in. Made by `AlgorithmSpec.resolve`.
public struct ResolvedHyperparameters: Sendable, Equatable {
    /// Checked text values by name; a name without default that was not given is absent.
    public let values: [String: String]

    package init(checked values: [String: String]) { self.values = values }

    /// Whether `name` has the value `auto` or none at all.
    public func isAuto(_ name: String) -> Bool { values[name] == nil || values[name] == "auto" }
    /// The number, or `nil` when absent or `auto`.
    public func integer(_ name: String) -> Int? { values[name].flatMap { Int($0) } }
    public func real(_ name: String) -> Double? { values[name].flatMap { Double($0) } }
    public func text(_ name: String) -> String? { values[name] }
    /// `true`/`false` in any case, or `nil` when absent or `auto`.
    public func boolean(_ name: String) -> Bool? {
        values[name].flatMap { Bool($0.lowercased()) }
    }

    /// The number of a hyperparameter that is required or has a default.
    ///
    /// - Throws: `LockstepError(.configuration)` when it is absent or `auto`.
    public func integer(required name: String) throws -> Int {
        guard let value = integer(name) else { throw missing(name) }
        return value
    }

    /// The number of a hyperparameter that is required or has a default.
    ///
    /// - Throws: `LockstepError(.configuration)` when it is absent or `auto`.
    public func real(required name: String) throws -> Double {
        guard let value = real(name) else { throw missing(name) }
        return value
    }

    private func missing(_ name: String) -> LockstepError {
        LockstepError(.configuration, "hyperparameter \(name) is missing, or is no number")
    }
}
