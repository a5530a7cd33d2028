import Foundation

/// Data as people keep it, and what the built-in algorithms make of it.
enum ReportedData {
    private static let rows = (0..<90).map { "\(Double($0 % 7) / 2),\($0),\($0 * 3 % 11)" }
    private static func text(_ range: Range<Int>) -> String {
        rows[range].joined(separator: "\n") + "\n"
    }

    static func cases(_ folder: URL) throws -> [ReportedCase] {
        try folders(folder) + uris(folder) + libsvm(folder) + spreadsheets(folder)
    }

    /// Equal rows in equal order, however they lie in folders: `nested` and `mixed` give the model of `flat`.
    private static func folders(_ folder: URL) throws -> [ReportedCase] {
        [
            try .training("flat", files: ["all.csv": text(0..<90)], in: folder),
            try .training(
                "nested",
                files: ["y=1/m=1/a.csv": text(0..<40), "y=1/m=2/a.csv": text(40..<90)], in: folder),
            try .training(
                "mixed",
                files: ["01/a.csv": text(0..<30), "02.csv": text(30..<50), "03/a.csv": text(50..<90)],
                in: folder),
        ]
    }

    private static func uris(_ folder: URL) throws -> [ReportedCase] {
        let output = folder.appendingPathComponent("out put")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        try Program.run("chmod", ["777", output.path], in: folder)
        return try [("blank", "my data"), ("percent", "100%/25"), ("accent", "données")].flatMap {
            name, place in
            let file = folder.appendingPathComponent("\(place)/train.csv")
            try ReportedCase.write(text(0..<90), file)
            let written = ["encoded": file.absoluteString, "plain": "file://\(file.path)"]
            return written.map { way, uri in
                ReportedCase(
                    name: "\(way)-\(name)", algorithm: "kmeans",
                    parameters: ["k": "2", "logical_shards": "4"],
                    channels: [.init(name: "train", uri: uri, contentType: "text/csv;label_size=0")],
                    output: way == "plain" ? "file://\(output.path)" : output.absoluteString)
            }
        }
    }

    private static func libsvm(_ folder: URL) throws -> [ReportedCase] {
        let type = "text/libsvm"
        let good = (0..<20).map { "\($0 % 2) 1:\($0) 3:1\n" }.joined()
        return try ["linear-learner", "kmeans"].map { algorithm in
            try .training(
                "wide-\(algorithm)", algorithm, files: ["a": good + "1 2147483000:1\n"], type: type,
                in: folder
            ).failing("ClientError", "line 21", "2147483000", "memory")
        } + [
            try .training("plain-libsvm", "kmeans", files: ["a": good], type: type, in: folder),
            try .training(
                "weighted", "kmeans", files: ["a": good.replacingOccurrences(of: " 1:", with: ":0.5 1:")],
                type: type, in: folder
            ).failing("ClientError", "line 1", "weight"),
        ]
    }

    private static func spreadsheets(_ folder: URL) throws -> [ReportedCase] {
        let numbered = rows.enumerated().map { "\($0.offset),\($0.element)" }.joined(separator: "\n")
        let files = [
            ("indexed", ",y,a,b\n" + numbered + "\n", ["line 1, column 1", "has no name"]),
            ("columns", "0,1,2\n" + text(0..<60), ["line 1", "numbers of the columns"]),
            ("booleans", "y,a,b\n1.5,2,False\n", ["line 2, column 3", "'False'", "write 1 for true"]),
            ("thousands", "y,a\n1.5,\"1,234.5\"\n", ["line 2, column 2", "'1,234.5'"]),
        ]
        return try files.map { name, text, reason in
            try .training(name, files: ["a.csv": text], in: folder)
                .changed { ($0.status, $0.reason) = ("Failed", ["ClientError"] + reason) }
        }
    }
}
