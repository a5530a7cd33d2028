import SageMakerShapes
import Testing

@Suite("RequestShape")
struct RequestShapeTests {
    @Test("all patterns compile")
    func patterns() {
        let shapes: [RequestShape] = [
            .createTrainingJob, .trainingJobName, .listTrainingJobs, .listTags, .describeLogStreams,
            .getLogEvents, .filterLogEvents, .algorithmName, .nothing,
        ]
        let patterns = shapes.flatMap(Self.patterns)
        #expect(patterns.count > 20)
        for pattern in patterns {
            #expect(throws: Never.self, "\(pattern)") { _ = try Regex(pattern) }
        }
    }

    private static func patterns(in shape: RequestShape) -> [String] {
        switch shape {
        case .string(let limits): [limits.pattern].compactMap { $0 }
        case .list(let element, _): patterns(in: element)
        case .map(let key, let value, _): [key.pattern, value.pattern].compactMap { $0 }
        case .structure(let members): members.flatMap { patterns(in: $0.shape) }
        case .choice, .integer, .boolean, .timestamp, .anything: []
        }
    }
}
