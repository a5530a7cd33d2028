import Foundation
import JSON
import SageMakerAPI
import SageMakerShapes
import Testing

/// SageMaker's own service model, as botocore carries it, against the table of treatments.
@Suite("Service model", .enabled(if: BotocoreModel.path != nil, "no botocore: scripts/test installs it"))
struct ServiceModelTests {
    @Test("every member of CreateTrainingJob has a treatment, and every treatment a member")
    func members() throws {
        let model = try BotocoreModel(path: #require(BotocoreModel.path))
        let leaves = model.leaves(of: "CreateTrainingJobRequest")
        #expect(leaves.count > 100)
        let untreated = leaves.filter { MemberTable.rule(for: $0) == nil }
        #expect(untreated.isEmpty, "add them to MemberTable, and say whether they work")
        // Lockstep's own.
        let own: Set = ["ResourceConfig.MinInstanceCount"]
        for rule in MemberTable.rules where !own.contains(rule.path) {
            #expect(leaves.contains { MemberTable.rule(for: $0)?.path == rule.path }, "\(rule.path)")
        }
    }

    @Test("the API page lists what is kept and what is refused")
    func documentation() throws {
        let page = try String(
            contentsOf: Installed.package.appendingPathComponent("docs/sagemaker-api.md"), encoding: .utf8)
        let isThere = page.contains(MemberTable.documentation)
        #expect(isThere, "put this there:\n\(MemberTable.documentation)")
    }
}

/// `service-2.json` of botocore.
struct BotocoreModel {
    private let shapes: JSONValue

    /// The file in `.venv`, packed; `nil` where botocore is not installed.
    static let path: String? = {
        let library = Installed.package.appendingPathComponent(".venv/lib").path
        let pythons = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        return pythons.map {
            "\(library)/\($0)/site-packages/botocore/data/sagemaker/2017-07-24/service-2.json.gz"
        }.first { FileManager.default.fileExists(atPath: $0) }
    }()

    init(path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        shapes = try JSONValue(parsing: bytes)["shapes"] ?? .null
    }

    /// Dotted paths of the members below a structure that are no structures; `[]` behind lists of
    /// structures.
    func leaves(of name: String) -> [String] { leaves(of: name, at: "") }

    private func leaves(of name: String, at path: String) -> [String] {
        let shape = shapes[name]
        switch shape?["type"]?.string {
        case "structure":
            return (shape?["members"]?.object ?? [:]).sorted { $0.key < $1.key }.flatMap { member, target in
                leaves(
                    of: target["shape"]?.string ?? "", at: path.isEmpty ? member : "\(path).\(member)")
            }
        case "list":
            let element = shape?["member"]?["shape"]?.string ?? ""
            return shapes[element]?["type"]?.string == "structure"
                ? leaves(of: element, at: path + "[]") : [path]
        default:
            return [path]
        }
    }
}
