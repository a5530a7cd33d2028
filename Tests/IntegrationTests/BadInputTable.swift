import Foundation

#if canImport(Glibc)
    import Glibc
#endif

extension BadInputTests {
    static let mistakes: [Mistake] = dataMistakes + hyperparameterMistakes + requestMistakes

    private static func replace(_ file: String, with text: String) -> @Sendable (URL) throws -> Void {
        { folder in
            try text.write(to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
        }
    }

    private static let dataMistakes: [Mistake] = [
        Mistake(
            "the folder is missing", names: ["train", "data-linear-learner-dense"],
            damage: {
                try FileManager.default.removeItem(at: $0)
            }),
        Mistake(
            "the folder is missing, seen by two ranks", names: ["train", "data-"], ranks: 2,
            damage: {
                try FileManager.default.removeItem(at: $0)
            }),
        Mistake(
            "the folder is empty", names: ["train", "data-"],
            damage: { folder in
                for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                    try FileManager.default.removeItem(at: folder.appendingPathComponent(file))
                }
            }),
        Mistake(
            "a row is too short", names: ["part-1.csv", "line 2", "7", "8"],
            damage: replace("part-1.csv", with: "1,1,2,3,4,5,6,7\n0,1,2,3,4,5,6\n")),
        Mistake(
            "a row is too short, read by the other rank", names: ["part-1.csv", "line 2"], ranks: 2,
            damage: replace("part-1.csv", with: "1,1,2,3,4,5,6,7\n0,1,2,3,4,5,6\n")),
        Mistake(
            "text where a number belongs", names: ["part-1.csv", "line 1", "column 3", "abc"],
            damage: replace("part-1.csv", with: "1,1,abc,3,4,5,6,7\n")),
        Mistake(
            "a missing value", names: ["part-1.csv", "line 2", "column 4"],
            damage: replace("part-1.csv", with: "1,1,2,3,4,5,6,7\n0,1,2,,4,5,6,7\n")),
        Mistake(
            "not a number as a value", names: ["part-1.csv", "line 1"],
            damage: replace("part-1.csv", with: "1,1,nan,3,4,5,6,7\n")),
        Mistake(
            "a label outside the classes", names: ["label", "7"],
            damage: replace("part-1.csv", with: "7,1,2,3,4,5,6,7\n")),
        Mistake(
            "a truncated gzip file", names: ["part-3.csv.gz"],
            damage: { folder in
                let whole = folder.appendingPathComponent("part-0.csv")
                let packed = folder.appendingPathComponent("part-3.csv.gz")
                let gzip = Process()
                gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                gzip.arguments = ["sh", "-c", "gzip -c '\(whole.path)' | head -c 60 > '\(packed.path)'"]
                try gzip.run()
                gzip.waitUntilExit()
            }),
        Mistake(
            "a libsvm index that is no number", names: ["part-0.libsvm", "line 1"], form: .sparse,
            damage: replace("part-0.libsvm", with: "1 x:3\n")),
        Mistake(
            "a label with a weight", names: ["part-0.libsvm", "line 1", "weight"], form: .sparse,
            damage: replace("part-0.libsvm", with: "1:2 3:1\n")),
        Mistake(
            "a feature index of two thousand million",
            names: ["part-1.libsvm", "line 2", "2147483646", "linear-learner", "GB of memory"], form: .sparse,
            damage: replace("part-1.libsvm", with: "1 0:1\n0 2147483646:1\n")),
        Mistake(
            "a feature index of a thousand million, kmeans",
            names: ["part-1.libsvm", "1000000000", "kmeans"],
            ranks: 2, algorithm: "kmeans", form: .sparse, hyperparameters: ["feature_dim": nil],
            damage: replace("part-1.libsvm", with: "1 1000000000:1\n")),
        Mistake(
            "a named pipe in a sub-folder", names: ["sub/x", "named pipe"],
            damage: { folder in
                let sub = folder.appendingPathComponent("sub")
                try FileManager.default.createDirectory(at: sub, withIntermediateDirectories: true)
                mkfifo(sub.appendingPathComponent("x").path, 0o600)
            }),
        Mistake(
            "pandas' row numbers", names: ["part-0.csv", "line 1, column 1", "no name"],
            damage: replace("part-0.csv", with: ",y,a,b,c,d,e,f\n0,1,2,3,4,5,6,7\n")),
        Mistake(
            "a wider row than feature_dim", names: ["feature_dim", "7", "3"],
            hyperparameters: ["feature_dim": "3"]),
        Mistake(
            "corrupt RecordIO", names: ["part-0.csv"],
            edit: { request in
                setChannel(&request, "ContentType", "application/x-recordio-protobuf")
            }),
        Mistake(
            "more centres than records", names: ["k"], algorithm: "kmeans", hyperparameters: ["k": "100"]),
    ]

    private static let hyperparameterMistakes: [Mistake] = [
        Mistake(
            "an unknown hyperparameter", names: ["learning_rat", "learning_rate"],
            hyperparameters: ["learning_rat": "0.1"]),
        Mistake("a word for a number", names: ["epochs", "many"], hyperparameters: ["epochs": "many"]),
        Mistake("a value out of range", names: ["momentum", "1.5"], hyperparameters: ["momentum": "1.5"]),
        Mistake(
            "a required one is missing", names: ["predictor_type"],
            hyperparameters: ["predictor_type": nil]),
        Mistake(
            "an unknown choice", names: ["predictor_type", "oracle"],
            hyperparameters: ["predictor_type": "oracle"]),
        Mistake(
            "classes are not counted", names: ["num_classes"],
            hyperparameters: ["predictor_type": "multiclass_classifier"]),
        Mistake(
            "fewer shards than ranks", names: ["logical_shards", "2", "3"], ranks: 3,
            hyperparameters: ["logical_shards": "2"]),
        Mistake(
            "a diverging learning rate", names: ["step"],
            hyperparameters: ["learning_rate": "1e30", "optimizer": "sgd", "predictor_type": "regressor"]),
    ]

    private static let requestMistakes: [Mistake] = [
        Mistake(
            "an unknown algorithm", names: ["linear-lerner"],
            edit: { request in
                request["AlgorithmSpecification"] = [
                    "AlgorithmName": "linear-lerner", "TrainingInputMode": "File",
                ]
            }),
        Mistake(
            "data in S3", names: ["s3://bucket/train", "file:///"],
            edit: { request in
                setChannel(
                    &request, "DataSource",
                    ["S3DataSource": ["S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"]])
            }),
        Mistake("no output path", names: ["outputDataConfig"], edit: { $0["OutputDataConfig"] = nil }),
        Mistake(
            "no train channel", names: ["train"],
            edit: { request in
                setChannel(&request, "ChannelName", "training")
            }),
        Mistake(
            "an unknown content type", names: ["ContentType", "text/plain"],
            edit: { request in
                setChannel(&request, "ContentType", "text/plain")
            }),
        Mistake("no threads", names: ["threads"], arguments: ["--threads", "0"]),
    ]

    private static func setChannel(_ request: inout [String: Any], _ key: String, _ value: Any) {
        guard var channels = request["InputDataConfig"] as? [[String: Any]] else { return }
        channels[0][key] = value
        request["InputDataConfig"] = channels
    }
}
