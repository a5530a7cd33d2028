import Diagnostics
import Foundation
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// Rewrites records in another format, in one file or many.
package struct DataConversion {
    /// What was written.
    package struct Report: Codable, Sendable, Equatable {
        package var output: String
        package var format: String
        package var files: Int
        package var rows: Int
        package var features: Int
        package var bytes: Int
    }

    /// Where the result goes: a file, or a folder when there are several shards. Must not exist.
    package var output: String
    package var format: DataFormat
    /// Number of files; records are spread evenly, in order.
    package var shardCount: Int
    package var isGzip: Bool

    package init(output: String, format: DataFormat, shardCount: Int, isGzip: Bool) {
        self.output = output
        self.format = format
        self.shardCount = shardCount
        self.isGzip = isGzip
    }

    /// Writes all records of `source` under a temporary name and renames the result when it is whole.
    ///
    /// - Throws: `LockstepError(.conflict)` when the output exists, `(.usage)` when the records do not suit
    ///   the format; after any error nothing of the output is left.
    package func run(_ source: any RecordSource) throws -> Report {
        guard shardCount > 0 else { throw LockstepError(.usage, "the number of shards must be 1 or more") }
        guard !FileManager.default.fileExists(atPath: output) else {
            throw LockstepError(.conflict, "\(output) exists; remove it or choose another name")
        }
        if source.isSparse, format == .csv {
            try AvailableMemory.require(
                source.featureCount * 8,
                for: "\(output): a row of \(source.featureCount) features as CSV, every zero written out,")
        }
        let encoder = try RecordEncoder(
            format, width: source.featureCount, hasLabels: source.labelCount > 0)
        let temporary = temporaryPath
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        var report = Report(
            output: output, format: format.rawValue, files: shardCount, rows: source.recordCount,
            features: source.featureCount, bytes: 0)
        if shardCount > 1 {
            guard mkdir(temporary, 0o755) == 0 else {
                throw LockstepError(
                    .io, "the folder \(temporary) cannot be made (\(String(cString: strerror(errno))))")
            }
            for shard in 0..<shardCount {
                let path = "\(temporary)/\(fileName(shard))"
                report.bytes += try write(source, shard: shard, to: path, encoder)
            }
        } else {
            report.bytes = try write(source, shard: 0, to: temporary, encoder)
        }
        guard rename(temporary, output) == 0 else {
            throw LockstepError(
                .io, "\(output) cannot be put in place (\(String(cString: strerror(errno))))")
        }
        return report
    }

    private func write(
        _ source: any RecordSource, shard: Int, to path: String, _ encoder: RecordEncoder
    ) throws -> Int {
        let count = source.recordCount
        let writer = try RecordFileWriter(path: path, isGzip: isGzip)
        var bytes: [UInt8] = []
        let range = shard * count / shardCount..<(shard + 1) * count / shardCount
        // Of wide sparse rows, written out in full, only some at a time.
        let isWide = format == .csv && source.isSparse
        try source.forEachPiece(of: range, widest: isWide ? source.featureCount : 0) { records in
            bytes.removeAll(keepingCapacity: true)
            try encoder.append(records, to: &bytes)
            try writer.write(bytes)
        }
        try writer.finish()
        return writer.byteCount
    }

    /// Beside the output, so that the rename stays within one file system; hidden from channels by its dot.
    private var temporaryPath: String {
        let url = URL(fileURLWithPath: output)
        return url.deletingLastPathComponent().path + "/.\(url.lastPathComponent).partial-\(getpid())"
    }

    private func fileName(_ shard: Int) -> String {
        let suffix = [.csv: "csv", .libsvm: "libsvm", .recordIO: "pbr"][format] ?? "data"
        let digits = String(shard)
        let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        return "part-\(number).\(suffix)" + (isGzip ? ".gz" : "")
    }
}
