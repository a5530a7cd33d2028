import JobRequests
import JobSpecs
import ProgramContract
import SageMakerShapes
import Testing

@Suite("Kinds of programs")
struct ProgramKindTests {
    private func request(
        entrypoint: [String]? = nil, hyperparameters: [String: String] = [:],
        environment: [String: String] = [:]
    ) -> CreateTrainingJobRequest {
        var request = CreateTrainingJobRequest(trainingJobName: "j")
        var algorithm = AlgorithmSpecification()
        algorithm.containerEntrypoint = entrypoint
        request.algorithmSpecification = algorithm
        request.hyperParameters = hyperparameters
        request.environment = environment
        return request
    }

    @Test("what a job says decides, then what it brings")
    func kinds() throws {
        #expect(try ProgramKind(request()) == nil)
        #expect(try ProgramKind(request(entrypoint: ["./run"])) == .script)
        #expect(try ProgramKind(request(hyperparameters: ["sagemaker_program": "\"t.py\""])) == .script)
        let mpi = ["sagemaker_program": "t.py", "sagemaker_mpi_enabled": "true"]
        #expect(try ProgramKind(request(hyperparameters: mpi)) == .mpi)
        let said = ["LOCKSTEP_PROGRAM": "algorithm"]
        #expect(try ProgramKind(request(entrypoint: ["./a"], environment: said)) == .algorithm)
        #expect(throws: (any Error).self) { try ProgramKind(request(environment: said)) }
        let wrong = ["LOCKSTEP_PROGRAM": "docker"]
        #expect(throws: (any Error).self) {
            try ProgramKind(request(entrypoint: ["./a"], environment: wrong))
        }
    }

    @Test("a report survives its line")
    func report() throws {
        var report = ProgramReport(.ended)
        report.outcome = .failed
        report.status = 3
        report.message = "says \"no\"\nand é"
        #expect(ProgramReport(line: report.line) == report)
        #expect(!report.line.contains("\n"))
        #expect(ProgramReport(line: "hello") == nil)
    }
}
