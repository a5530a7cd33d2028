import Foundation
import JSON
import ServiceModels
import Testing

/// Checks against what botocore's own models say; `Scripts/shape_cases.py` makes the cases.
@Suite("ShapeCheck", .enabled(if: Installed.boto3, "boto3 is not installed: scripts/test installs it"))
struct ShapeCheckTests {
    struct Case: Decodable {
        let service: String
        let operation: String
        let request: JSONValue
        let path: String?
        let constraint: String?
    }

    @Test(
        "names what breaks a limit, and finds nothing wrong with what is in order",
        arguments: [
            ("sagemaker", 4500), ("logs", 700), ("application-autoscaling", 15), ("ecr", 200),
            ("events", 300),
            ("monitoring", 300),
        ])
    func cases(_ service: String, _ fewest: Int) async throws {
        let cases = try await Self.cases(of: service)
        #expect(cases.count >= fewest)
        var wrong: [String] = []
        for item in cases {
            let model = ServiceModel.of(ServiceName(rawValue: item.service))
            let operation = try #require(model.operation(item.operation))
            let check = ShapeCheck(item.request, against: operation.input, of: model)
            if let complaint = Self.complaint(about: check, item) {
                wrong.append("\(item.operation): \(complaint)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(20).joined(separator: "\n"))")
    }

    /// What is wrong with the check's outcome; `nil`: nothing.
    private static func complaint(about check: ShapeCheck, _ item: Case) -> String? {
        let said = check.typeMismatch ?? check.validationMessage
        guard let path = item.path else { return said.map { "in order, but: \($0)" } }
        guard let constraint = item.constraint else {
            let isSaid = check.typeMismatch?.hasSuffix("at '\(path)'") ?? false
            return isSaid ? nil : "\(path) is of a wrong type, but: \(said ?? "nothing")"
        }
        let ending = " at '\(path)' failed to satisfy constraint: \(constraint)"
        let isSaid = check.typeMismatch == nil && check.violations.contains { $0.hasSuffix(ending) }
        return isSaid ? nil : "\(ending), but: \(said ?? "nothing")"
    }

    private static func cases(of service: String) async throws -> [Case] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("cases-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        let script = Installed.package.appendingPathComponent("Tests/APITests/Scripts/shape_cases.py").path
        let overlay = Installed.package.appendingPathComponent("proto/aws/overlay.json").path
        let result = try await ProgramResult.of(
            "sh", ["-c", #"exec python3 "$1" "$2" "$3" > "$4""#, "sh", script, overlay, service, file.path],
            environment: LiveServer.environment(endpoint: "http://127.0.0.1"))
        try #require(result.isSuccess, "\(result.error)")
        let decoder = JSONDecoder()
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try decoder.decode(Case.self, from: Data($0.utf8))
        }
    }

    @Test("keeps members that are newer than the model, and takes whole numbers with a decimal point")
    func leniency() {
        let request = JSONValue.object([
            "TrainingJobName": "job", "Newer": .object(["A": .array([.null])]),
        ])
        let check = ShapeCheck(request, against: "DescribeTrainingJobRequest", of: .of(.sagemaker))
        #expect(check.validationMessage == nil)
        #expect(check.typeMismatch == nil)
        let list = ShapeCheck(
            .object(["MaxResults": .number(3), "CreationTimeAfter": "2026-11-20T23:52:47Z"]),
            against: "ListTrainingJobsRequest", of: .of(.sagemaker))
        #expect(list.validationMessage == nil)
        #expect(list.typeMismatch == nil)
    }

    @Test("names the place within lists and maps as AWS does")
    func nested() {
        let tags = ShapeCheck(
            .object([
                "ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:model/a",
                "Tags": .array([.object(["Key": "a", "Value": "b"]), .object(["Key": ""])]),
            ]), against: "AddTagsInput", of: .of(.sagemaker))
        #expect(
            tags.violations == [
                "Value '' at 'tags.2.member.key' failed to satisfy constraint: "
                    + "Member must have length greater than or equal to 1",
                "Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null",
            ])
    }
}
