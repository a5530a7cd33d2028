import AlgorithmSpecs
import Diagnostics
public import JobSpecs

/// The algorithms that a program can train.
public struct AlgorithmList: Sendable {
    public let types: [any Algorithm.Type]

    public init(_ types: [any Algorithm.Type]) { self.types = types }

    /// Names as the specifications have them, in order.
    public var names: [String] { types.map { $0.spec.name } }

    /// Refuses specifications that no job could fit.
    ///
    /// - Throws: `LockstepError(.bug)` naming algorithm and hyperparameter or channel.
    public func check() throws {
        guard !types.isEmpty else { throw LockstepError(.bug, "this program has no algorithm") }
        for (index, type) in types.enumerated() {
            let spec = type.spec
            guard !names[..<index].contains(spec.name) else {
                throw LockstepError(.bug, "two algorithms of this program are named \(spec.name)")
            }
            try check(spec)
        }
    }

    private func check(_ spec: AlgorithmSpec) throws {
        let isWord = spec.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard isWord, !spec.name.isEmpty else {
            throw LockstepError(
                .bug, "an algorithm is named '\(spec.name)': a name has letters, digits and hyphens only")
        }
        let roles = ChannelRole.allCases.map(\.rawValue)
        for channel in spec.channels where !roles.contains(channel.name) {
            throw LockstepError(
                .bug,
                "algorithm \(spec.name) has a channel '\(channel.name)': channels are "
                    + roles.joined(separator: ", "))
        }
        guard spec.channels.contains(where: { $0.name == ChannelRole.train.rawValue }) else {
            throw LockstepError(.bug, "algorithm \(spec.name) has no channel named train")
        }
        for parameter in spec.hyperparameters {
            do {
                try parameter.checkDefault()
            } catch let error as LockstepError {
                throw LockstepError(.bug, "algorithm \(spec.name): the default of \(error.message)")
            }
        }
    }

    /// The algorithm of that name.
    ///
    /// - Throws: `LockstepError(.configuration)` naming those there are when there is none.
    public func named(_ name: String) throws -> any Algorithm.Type {
        if let type = types.first(where: { $0.spec.name == name }) { return type }
        let hint = NameDistance.nearest(to: name, among: names).map { "did you mean \($0)?" }
        throw LockstepError(
            .configuration,
            "there is no algorithm '\(name)'; "
                + (hint ?? "\(ProgramName.own) has " + names.joined(separator: ", ")))
    }

    /// The algorithm that a job asks for: by its name; else by the image, which for a program of the user's
    /// own may also name something else; else the only one.
    ///
    /// - Throws: `LockstepError(.configuration)` when the job names none and there are several, or it
    ///   names one that is not there.
    public func algorithm(for work: JobSpec.Work) throws -> any Algorithm.Type {
        if let name = work.algorithm { return try named(name) }
        if let image = work.program?.image {
            let name = ImageName.repository(in: image)
            if let type = types.first(where: { $0.spec.name == name }) { return type }
        }
        if types.count == 1 { return types[0] }
        throw LockstepError(
            .configuration,
            "the job names no algorithm: \(ProgramName.own) has "
                + names.joined(separator: ", "))
    }

    /// What scores records with `model`.
    ///
    /// - Throws: `LockstepError(.data)` when the model's description names none of these algorithms, its
    ///   algorithm has no predictor, or its tensors do not fit.
    public func predictor(for model: Model) throws -> any Predictor {
        let name = model.description["algorithm"] ?? "(none named)"
        guard let type = types.first(where: { $0.spec.name == name }) else {
            throw LockstepError(
                .data,
                "the model was made by algorithm \(name), and \(ProgramName.own) has "
                    + names.joined(separator: ", ")
                    + ": run the program that trained it, as PROGRAM predict MODEL INPUT")
        }
        guard let predictor = type.predictor else {
            throw LockstepError(.data, "algorithm \(name) has no predictor: its models score no records")
        }
        return try predictor.init(model: model)
    }
}
