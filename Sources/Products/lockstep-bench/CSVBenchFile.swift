import Datasets
import Diagnostics
import Foundation

/// A file to read: generated, the same in every run, or made from a public data set.
struct CSVBenchFile {
    var name: String
    var path: String
    var byteCount: Int

    /// Writes one file for each way that numbers look in practice.
    static func all(folder: String, byteCount: Int) throws -> [CSVBenchFile] {
        var files = try [
            generated("whole numbers", folder, byteCount) { String($0 % 256) },
            generated("four decimals", folder, byteCount) {
                String(format: "%.4f", Double($0 % 2_000_000) / 10_000 - 100)
            },
            generated("float digits", folder, byteCount) {
                "\(Float($0 % (1 << 24)) / Float(1 << 24))"
            },
            generated("double digits", folder, byteCount) { "\(Double($0 % (1 << 53)) / Double(1 << 53))" },
            generated("exponents", folder, byteCount) {
                String(format: "%.18e", (Double($0 % (1 << 53)) / Double(1 << 53) - 0.5) * 1e-3)
            },
        ]
        let data = ProcessInfo.processInfo.environment["LOCKSTEP_DATA"] ?? "../shared/data"
        if let file = try fashionMNIST(data + "/fashion-mnist", folder) { files.append(file) }
        return files
    }

    private static func generated(
        _ name: String, _ folder: String, _ byteCount: Int, _ field: (Int) -> String
    ) throws -> CSVBenchFile {
        let path = "\(folder)/\(name.replacingOccurrences(of: " ", with: "-")).csv"
        var text = ""
        var word: UInt64 = 1
        // A block of rows, repeated: making the text would take longer than the measurement.
        while text.utf8.count < min(byteCount, 4 << 20) {
            let row = (0..<32).map { _ in
                word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return field(Int(word >> 10))
            }
            text += row.joined(separator: ",") + "\n"
        }
        let block = Data(text.utf8)
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw LockstepError(.io, "\(path) cannot be written") }
        let repetitions = max(1, byteCount / block.count)
        for _ in 0..<repetitions { try handle.write(contentsOf: block) }
        try handle.close()
        return CSVBenchFile(name: name, path: path, byteCount: repetitions * block.count)
    }

    private static func fashionMNIST(_ data: String, _ folder: String) throws -> CSVBenchFile? {
        let images = data + "/train-images-idx3-ubyte.gz"
        guard FileManager.default.fileExists(atPath: images) else { return nil }
        let source = try ConversionInput(
            path: images, format: .idx, labelsPath: data + "/train-labels-idx1-ubyte.gz", labelCount: 1,
            labelColumn: .first, header: .absent
        ).open()
        let path = folder + "/fashion-mnist.csv"
        let report = try DataConversion(output: path, format: .csv, shardCount: 1, isGzip: false).run(source)
        return CSVBenchFile(name: "Fashion-MNIST", path: path, byteCount: report.bytes)
    }
}
