import Foundation
import Testing

/// Every mistake gets one clear sentence, a non-zero exit, no stack trace and no half-written file.
@Suite(.serialized) struct BadInputTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the sentence must name.
        let names: [String]
        var ranks = 1
        var algorithm = "linear-learner"
        var form = SampleJob.Form.dense
        var arguments: [String] = []
        var hyperparameters: [String: String?] = [:]
        /// Edits the request before it is written.
        var edit: (@Sendable (inout [String: Any]) -> Void)?
        /// Edits the data folder.
        var damage: (@Sendable (URL) throws -> Void)?

        init(
            _ description: String, names: [String], ranks: Int = 1, algorithm: String = "linear-learner",
            form: SampleJob.Form = .dense, arguments: [String] = [], hyperparameters: [String: String?] = [:],
            edit: (@Sendable (inout [String: Any]) -> Void)? = nil,
            damage: (@Sendable (URL) throws -> Void)? = nil
        ) {
            testDescription = description
            self.names = names
            self.ranks = ranks
            self.algorithm = algorithm
            self.form = form
            self.arguments = arguments
            self.hyperparameters = hyperparameters
            self.edit = edit
            self.damage = damage
        }
    }

    @Test(arguments: mistakes)
    func `a mistake is named`(_ mistake: Mistake) throws {
        try withTemporaryFolder { folder in
            var job =
                mistake.algorithm == "kmeans" ? SampleJob.kmeans(mistake.form) : .linearLearner(mistake.form)
            job.records = 60
            for (name, value) in mistake.hyperparameters { job.hyperparameters[name] = value }
            let file = try job.write(to: folder)
            let data = folder.appendingPathComponent("data-\(job.algorithm)-\(job.form)")
            try mistake.damage?(data)
            if let edit = mistake.edit {
                var request = job.request(
                    data: data.path, output: folder.appendingPathComponent("output").path)
                edit(&request)
                try JSONSerialization.data(withJSONObject: request).write(to: file)
            }
            let outcome = try Program.train(
                file, ranks: mistake.ranks, arguments: mistake.arguments, seconds: 60)
            Self.expectOneClearSentence(outcome, names: mistake.names)
            Self.expectNothingHalfWritten(folder)
        }
    }

    static func expectOneClearSentence(
        _ outcome: Program.Outcome, program: String = "lockstep-train", names: [String]
    ) {
        #expect(outcome.status > 0 && outcome.status < 128, "status \(outcome.status): \(outcome.error)")
        let sentences = outcome.error.split(separator: "\n").filter { $0.hasPrefix("\(program): ") }
        #expect(sentences.count == 1, "\(outcome.error)")
        for name in names {
            #expect(sentences.contains { $0.contains(name) }, "\(name) is not named in: \(outcome.error)")
        }
        for trace in ["Fatal error", "Stack dump", "Backtrace", "*** Signal", "Swift/"] {
            #expect(!outcome.error.contains(trace), "\(outcome.error)")
        }
        #expect(outcome.modelHash == nil)
    }

    static func expectNothingHalfWritten(_ folder: URL) {
        let walker = FileManager.default.enumerator(atPath: folder.appendingPathComponent("output").path)
        while let path = walker?.nextObject() as? String {
            #expect(
                !path.hasSuffix("model.tar.gz") && !path.contains(".tmp") && !path.contains(".partial"),
                "\(path)")
        }
    }
}
