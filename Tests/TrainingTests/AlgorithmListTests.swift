import AlgorithmSpecs
import Diagnostics
import JobSpecs
import Tensors
import Testing
import Training

/// Which algorithm of a program a job gets.
@Suite struct AlgorithmListTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var several = false
        var name: String?
        var image: String?
        var hasEntrypoint = true
        /// Name of the algorithm, or part of the error.
        let result: String
    }
    static let cases = [
        Case(testDescription: "the only one", result: "one"),
        Case(testDescription: "the only one by hand", hasEntrypoint: false, result: "one"),
        Case(testDescription: "by name", several: true, name: "two", result: "two"),
        Case(
            testDescription: "by name, of one", name: "tow",
            result: "there is no algorithm 'tow'; "),
        Case(
            testDescription: "by a name that is nowhere", several: true, name: "kmeans",
            result: "there is no algorithm 'kmeans'; "),
        Case(testDescription: "none of several", several: true, result: "the job names no algorithm: "),
        Case(testDescription: "by image", several: true, image: "a.b/two:1", result: "two"),
        Case(testDescription: "an image that is none's name", image: "a.b/debian:12", result: "one"),
        Case(
            testDescription: "an image in place of a name", image: "a.b/debian:12", hasEntrypoint: false,
            result: "there is no algorithm 'debian'; "),
    ]

    @Test(arguments: cases) func `a job gets its algorithm, or a sentence`(_ test: Case) throws {
        let list = AlgorithmList(test.several ? [Named<One>.self, Named<Two>.self] : [Named<One>.self])
        try list.check()
        var work = JobSpec.Work(algorithm: test.name)
        if test.hasEntrypoint {
            work.program = JobSpec.Program(.algorithm, command: ["/bin/mine"], image: test.image)
        } else if let image = test.image {
            work.algorithm = ImageName.repository(in: image)
        }
        let found: String
        do {
            found = try list.algorithm(for: work).spec.name
        } catch let error as LockstepError where error.code == .configuration {
            found = error.message
        }
        #expect(found.hasPrefix(test.result), "\(found)")
    }
}

private protocol Name { static var text: String { get } }
private enum One: Name { static let text = "one" }
private enum Two: Name { static let text = "two" }

/// An algorithm that is no more than its name.
private struct Named<N: Name>: Algorithm {
    static var spec: AlgorithmSpec {
        AlgorithmSpec(
            name: N.text, summary: "Has a name.", labelCount: 0, hyperparameters: [],
            channels: [ChannelRequirement("train", isRequired: true, summary: "Records.")], metrics: [])
    }
    var state = NamedTensors()
    var isFinished: Bool { true }
    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {}
    mutating func step(_ context: any StepContext) throws -> StepReport {
        StepReport(epoch: 0, recordCount: 0, progress: 1)
    }
    func model() -> Model { Model(tensors: state, description: [:]) }
}
