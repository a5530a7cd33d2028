import Collectives
import Datasets
import Diagnostics
import Foundation
import Storage
import Tensors

/// A folder that is gone when the body returns.
struct TemporaryFolder {
    let path: String

    static func with<Result>(_ body: (TemporaryFolder) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.path + "/datasets-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(TemporaryFolder(path: path))
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, [UInt8](text.utf8)) }
}

extension DataChannel {
    static func solo(
        _ path: String, _ contentType: String? = nil, labels: Int = 1, width: Int? = nil,
        allowsMissing: Bool = false
    ) throws -> DataChannel {
        try open(
            ChannelSource(
                name: "train", path: path, contentType: contentType, defaultLabelCount: labels,
                featureCount: width, allowsMissing: allowsMissing), communicator: SoloCommunicator())
    }
    func loadAll() throws -> Records { try load(0..<recordCount) }
}

extension Records {
    var denseRows: [[Float]] {
        guard case .dense(let matrix) = features else { return [] }
        return (0..<matrix.rows).map {
            [Float](matrix.values[$0 * matrix.columns..<($0 + 1) * matrix.columns])
        }
    }
    var sparseRows: [[Int: Float]] {
        guard case .sparse(let matrix) = features else { return [] }
        return (0..<matrix.rows).map { row in
            let range = matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1]
            return Dictionary(
                uniqueKeysWithValues: range.map { (Int(matrix.columnIndices[$0]), matrix.values[$0]) })
        }
    }
}

/// The message of the error that `body` throws.
func message(_ body: () throws -> some Any) -> String {
    do {
        _ = try body()
        return "(no error)"
    } catch {
        return "\(error)"
    }
}

/// `bytes` as one gzip member.
func gzipped(_ bytes: [UInt8]) throws -> [UInt8] {
    var result: [UInt8] = []
    let writer = try GzipWriter { result.append(contentsOf: $0) }
    try bytes.withUnsafeBytes { try writer.write($0) }
    try writer.finish()
    return result
}
