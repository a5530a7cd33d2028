import Foundation
import Tensors

/// The public data sets, prepared as scripts/reference/prepare.py does, rule for rule.
struct ReferenceData {
    var train: Records
    var test: Records

    /// Folder of the data sets: LOCKSTEP_DATA, or `../shared/data` beside the package.
    static var folder: String {
        if let given = ProcessInfo.processInfo.environment["LOCKSTEP_DATA"] { return given }
        return packageRoot + "/../shared/data"
    }

    /// Whether there is such a folder at all.
    static var isThere: Bool { FileManager.default.fileExists(atPath: folder) }

    static var packageRoot: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }

    static func path(_ name: String) throws -> String {
        let path = folder + "/" + name
        guard FileManager.default.fileExists(atPath: path) else {
            throw TestFailure(
                message: "\(path) is missing: set LOCKSTEP_DATA to the folder with the public data sets")
        }
        return path
    }

    /// 8 numbers, 5 one-hot columns; gaps get the median of the training rows; every fifth row is test.
    static func california() throws -> ReferenceData {
        let rows = try lines("california-housing/housing.csv.gz").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let kinds = Set(rows.map { $0[9] }).sorted()
        let isTest = rows.indices.map { ($0 - rows.startIndex) % 5 == 4 }
        var columns = (0..<8).map { column in rows.map { Double($0[column]) ?? .nan } }
        for column in 0..<8 {
            let known = zip(columns[column], isTest).filter { !$0.isNaN && !$1 }.map(\.0).sorted()
            let middle = known.count / 2
            let median =
                known.count.isMultiple(of: 2)
                ? (known[middle - 1] + known[middle]) / 2 : known[middle]
            for row in columns[column].indices where columns[column][row].isNaN {
                columns[column][row] = median
            }
        }
        var parts = [Builder(width: 13), Builder(width: 13)]
        for (row, fields) in rows.enumerated() {
            let features = columns.map { Float($0[row]) } + kinds.map { fields[9] == $0 ? 1 : 0 }
            parts[isTest[row] ? 1 : 0].add(features, label: Float(fields[8]) ?? .nan)
        }
        return ReferenceData(train: parts[0].records, test: parts[1].records)
    }

    /// 6 numbers, then one-hot columns of 8 categories in order of name, `?` being one of them.
    static func adult() throws -> ReferenceData {
        func read(_ name: String) throws -> [[String]] {
            try lines(name).map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
                .filter { $0.count == 15 }
        }
        let sets = try [read("adult/adult.data.gz"), read("adult/adult.test.gz")]
        let numeric = [0, 2, 4, 10, 11, 12]
        let categorical = (0..<14).filter { !numeric.contains($0) }
        let categories = categorical.map { column in Set(sets[0].map { $0[column] }).sorted() }
        let records = sets.map { rows in
            var builder = Builder(width: numeric.count + categories.reduce(0) { $0 + $1.count })
            for row in rows {
                var features = numeric.map { Float(row[$0]) ?? .nan }
                for (column, names) in zip(categorical, categories) {
                    features += names.map { row[column] == $0 ? 1 : 0 }
                }
                builder.add(features, label: row[14].hasPrefix(">50K") ? 1 : 0)
            }
            return builder.records
        }
        return ReferenceData(train: records[0], test: records[1])
    }

    /// Pixels as they are, 0 to 255.
    static func fashion() throws -> ReferenceData {
        func read(_ images: String, _ labels: String) throws -> Records {
            let pixels = try bytes("fashion-mnist/\(images)-images-idx3-ubyte.gz").dropFirst(16)
            let classes = try bytes("fashion-mnist/\(images)-labels-idx1-ubyte.gz").dropFirst(8)
            return Records(
                features: .dense(
                    DenseMatrix(rows: classes.count, columns: 784, values: pixels.map { Float($0) })),
                labels: classes.map { Float($0) })
        }
        return ReferenceData(train: try read("train", "train"), test: try read("t10k", "t10k"))
    }

    private static func lines(_ name: String) throws -> [String] {
        String(decoding: try bytes(name), as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }

    private static func bytes(_ name: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/gzip")
        process.arguments = ["-dc", try path(name)]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestFailure(message: "gzip cannot read \(name)")
        }
        return [UInt8](data)
    }

    private struct Builder {
        let width: Int
        private var values: [Float] = []
        private var labels: [Float] = []

        init(width: Int) { self.width = width }
        mutating func add(_ features: [Float], label: Float) {
            values += features
            labels.append(label)
        }
        var records: Records {
            Records(
                features: .dense(DenseMatrix(rows: labels.count, columns: width, values: values)),
                labels: labels)
        }
    }
}

/// Values that scripts/reference/golden.py wrote.
struct Golden: Decodable {
    struct Fingerprint: Decodable {
        var rows, columns: Int
        var featureSum, labelSum: Double
    }
    var train, test: Fingerprint
    var trainRMSE, testRMSE, ridge, ridgeTrainRMSE, ridgeTestRMSE: Double?
    var trainLogLoss, testLogLoss, testAUC, ridgeTrainLogLoss, ridgeTestLogLoss: Double?
    var bestInertia, leastTestAccuracy: Double?

    static func read(_ name: String) throws -> Golden {
        let path = ReferenceData.packageRoot + "/Tests/AlgorithmsTests/Golden/\(name).json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TestFailure(message: "\(path) is missing: run scripts/reference/golden.py")
        }
        return try JSONDecoder().decode(Golden.self, from: data)
    }

    static func need(_ value: Double?, _ name: String) throws -> Double {
        guard let value else { throw TestFailure(message: "the golden file lacks \(name)") }
        return value
    }
}
