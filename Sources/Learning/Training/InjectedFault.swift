import Diagnostics
import Foundation
public import Tensors

/// A fault on purpose, for tests of what notices it: `flip-state:RANK:STEP`, `hang:RANK:STEP` or
/// `kill:RANK:STEP` in the environment variable `LOCKSTEP_FAULT`.
///
/// RANK is a rank's number or a worker's name. `flip-state` flips one bit of that rank's state after it
/// computed the step; `hang` and `kill` stop it when the step is committed.
public struct InjectedFault: Sendable, Equatable {
    /// What happens.
    public enum Kind: String, Sendable, CaseIterable {
        case flipState = "flip-state"
        case hang, kill
    }

    public var kind: Kind
    /// A rank's number or a worker's name.
    public var target: String
    /// Steps done when it happens.
    public var step: Int

    /// Variable that holds it.
    public static let variable = "LOCKSTEP_FAULT"

    /// Reads the variable's value.
    ///
    /// - Throws: `LockstepError(.usage)` when it makes no sense.
    public init(_ text: String) throws {
        let words = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, let kind = Kind(rawValue: words[0]), !words[1].isEmpty,
            let step = Int(words[2]), step > 0
        else {
            throw LockstepError(
                .usage,
                "\(Self.variable) is '\(text)', but must be KIND:RANK:STEP with KIND one of "
                    + Kind.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.kind = kind
        target = words[1]
        self.step = step
    }

    func strikes(_ kind: Kind, rank: Int, worker: String, step: Int) -> Bool {
        self.kind == kind && self.step == step && (target == String(rank) || target == worker)
    }

    /// A state with one bit flipped, in its largest tensor.
    public static func flipped(_ state: NamedTensors) -> NamedTensors {
        var state = state
        let sizes = state.names.map { (name: $0, size: state[$0]?.bytes.count ?? 0) }
        guard let name = sizes.max(by: { $0.size < $1.size })?.name, let tensor = state[name],
            !tensor.bytes.isEmpty
        else { return state }
        var bytes = tensor.bytes
        bytes[0] ^= 1
        state[name] = Tensor(elementType: tensor.elementType, shape: tensor.shape, bytes: bytes)
        return state
    }
}
