import Foundation
import JSON
import SageMakerAPI
import ServiceModels
import Testing

@Suite("API coverage")
struct CoverageTests {
    private static let coverage = APICoverage(.all(jobs: FakeJobService()))

    @Test("the page says what the code does")
    func page() throws {
        let file = Installed.package.appendingPathComponent("docs/api-coverage.md")
        if ProcessInfo.processInfo.environment["LOCKSTEP_WRITE_COVERAGE"] == "1" {
            try Self.coverage.page.write(to: file, atomically: true, encoding: .utf8)
        }
        let isTrue = try String(contentsOf: file, encoding: .utf8) == Self.coverage.page
        #expect(isTrue, "write it anew: LOCKSTEP_WRITE_COVERAGE=1 swift test --filter CoverageTests")
    }

    @Test("every operation of SageMaker's is answered, or there is a sentence why it is not")
    func sentences() {
        for name in ServiceModel.of(.sagemaker).operationNames {
            let (standing, reason) = Self.coverage.standing(of: name, in: .sagemaker)
            let isOffered = standing == .works || standing == .kept
            #expect(isOffered || reason != nil, "\(name) is in no OperationFamily")
        }
    }

    @Test("an operation that is not offered says so, under a status that clients do not try again")
    func notOffered() async throws {
        try await APIFixture.with { api in
            for name in ServiceModel.of(.sagemaker).operationNames
            where Self.coverage.standing(of: name, in: .sagemaker).reason != nil {
                let answer = try await api.call("SageMaker.\(name)", .object([:]))
                #expect(answer.status == 400)
                #expect(answer.errorType == "UnknownOperationException")
                #expect(answer.message?.hasPrefix("\(name) is not offered") == true)
            }
        }
    }
}
