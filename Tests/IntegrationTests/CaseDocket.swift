import Foundation
import Testing

/// Submits many cases at once to a cluster, and checks how each ends.
struct CaseDocket {
    /// Of the cluster, for messages.
    let name: String
    let folder: URL
    let lockstep: ([String]) throws -> Program.Outcome

    func submit(_ cases: [ReportedCase]) throws {
        let output = folder.appendingPathComponent("output")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        try Program.run("chmod", ["777", output.path], in: folder)
        for example in cases { try submit(example, output) }
    }

    /// Waits for all of them, and returns each one's description by name.
    @discardableResult
    func check(_ cases: [ReportedCase]) throws -> [String: [String: Any]] {
        var ends: [String: [String: Any]] = [:]
        for example in cases where example.refusal == nil {
            // Its status says how the job ended; that is looked at below.
            _ = try lockstep(["jobs", "wait", example.name])
            ends[example.name] = try describe(example.name)
        }
        let archives = try archives()
        for example in cases where example.refusal == nil {
            check(example, ends[example.name] ?? [:])
            try checkLog(example)
            if let expected = example.archive {
                #expect(archives[example.name] == expected, "\(name): \(example.name)")
            }
        }
        return ends
    }

    private func submit(_ example: ReportedCase, _ output: URL) throws {
        let file = folder.appendingPathComponent("request-\(example.name).json")
        try JSONSerialization.data(withJSONObject: example.request(output: output.path)).write(to: file)
        let outcome = try lockstep(["submit", file.path])
        if let refusal = example.refusal {
            #expect(
                outcome.status != 0 && outcome.error.contains(refusal), "\(name): \(example.name): \(outcome)"
            )
        } else {
            try #require(outcome.status == 0, "\(name): \(example.name): \(outcome.error)")
        }
    }

    /// The description, which has to be JSON to the letter.
    private func describe(_ job: String) throws -> [String: Any] {
        let outcome = try lockstep(["jobs", "describe", job, "--output", "json"])
        let object = try? JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return try #require(object, "\(job): \(outcome.output) \(outcome.error)")
    }

    private func check(_ example: ReportedCase, _ end: [String: Any]) {
        let reason = end["FailureReason"] as? String ?? ""
        let name = "\(name): \(example.name)"
        #expect(end["TrainingJobStatus"] as? String == example.status, "\(name): \(reason)")
        #expect((end["Attempts"] as? [Any])?.count == example.attempts, "\(name): \(reason)")
        #expect(example.reason.isEmpty == reason.isEmpty, "\(name): \(reason)")
        for part in example.reason { #expect(reason.contains(part), "\(name): \(reason)") }
        guard example.algorithm == nil else { return }
        let list = end["FinalMetricDataList"] as? [[String: Any]] ?? []
        var metrics: [String: Double] = [:]
        for metric in list { metrics[metric["MetricName"] as? String ?? ""] = metric["Value"] as? Double }
        #expect(metrics == example.metrics, "\(name)")
    }

    /// The lines of each host, without what the platform says of itself.
    func log(_ job: String) throws -> [String: [String]] {
        var log: [String: [String]] = [:]
        let outcome = try lockstep(["jobs", "logs", job, "--output", "json"])
        for line in outcome.output.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let message = object?["Message"] as? String ?? object?["message"] as? String ?? ""
            let host = object?["Host"] as? String ?? object?["host"] as? String ?? ""
            if !message.hasPrefix("lockstep: ") { log[host, default: []].append(message) }
        }
        return log
    }

    private func checkLog(_ example: ReportedCase) throws {
        guard let expected = example.log else { return }
        let actual = try log(example.name)
        #expect(actual == expected, "\(name): \(example.name): \(actual)")
    }

    /// A progress bar is seen while it grows, and is no line of its whole length.
    func checkProgress(_ job: String) throws {
        let lines = try log(job)["algo-1"] ?? []
        #expect((2...80).contains(lines.count) && lines.last == "80/80 error=0.20", "\(lines)")
        #expect(lines.allSatisfy { $0.count < 40 }, "\(lines)")
    }

    /// What each job's model.tar.gz holds: bytes of plain files, -1 for folders.
    private func archives() throws -> [String: [String: Int]] {
        let script = """
            import glob, json, tarfile
            found = {}
            for path in glob.glob('output/*/output/model.tar.gz'):
                with tarfile.open(path, errors='surrogateescape', encoding='utf-8') as archive:
                    found[path.split('/')[1]] = {
                        member.name.encode('utf-8', 'surrogateescape').decode('latin-1'):
                            member.size if member.isreg() else -1 if member.isdir() else -2
                        for member in archive}
            print(json.dumps(found))
            """
        let outcome = try Program.run("python3", ["-c", script], in: folder)
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        return try #require(object as? [String: [String: Int]], "\(outcome.output) \(outcome.error)")
    }

    /// No file of a job's in a worker's scratch folder, no mount, no process.
    static func checkNothingIsLeft(_ cluster: URL) throws {
        let left = try Program.run(
            "sh", ["-c", "find . -path '*/scratch/*' -type f ! -path '*/.slots/*'"], in: cluster)
        #expect(left.output.isEmpty, "\(left.output)")
        let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        #expect(!mounts.contains(cluster.path), "\(mounts)")
    }
}
