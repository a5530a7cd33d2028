import Collectives
import Datasets
import Foundation
import Tensors
import Testing

@Suite struct ShardingTests {
    struct Layout: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var format: DataFormat
        var isSparse = false
        /// Records in each file.
        var fileCounts: [Int]
        var width = 3
    }

    static let layouts: [Layout] = [
        Layout(testDescription: "csv, one file", format: .csv, fileCounts: [1000]),
        Layout(testDescription: "csv, uneven files", format: .csv, fileCounts: [1, 0, 37, 500, 2, 0]),
        Layout(testDescription: "csv, fewer records than shards", format: .csv, fileCounts: [2, 1]),
        // Some hundred KiB a file, so that there are several checkpoints.
        Layout(
            testDescription: "csv, wide", format: .csv, fileCounts: [900, 1, 1500], width: 60),
        Layout(
            testDescription: "libsvm, uneven", format: .libsvm, isSparse: true, fileCounts: [9, 300, 1]),
        Layout(
            testDescription: "libsvm, wide", format: .libsvm, isSparse: true, fileCounts: [3000, 2000],
            width: 200),
        Layout(testDescription: "recordio dense", format: .recordIO, fileCounts: [5, 600, 0, 7], width: 70),
        Layout(
            testDescription: "recordio sparse", format: .recordIO, isSparse: true, fileCounts: [2500, 3],
            width: 200),
    ]

    private func write(_ layout: Layout, isGzip: Bool, to folder: TemporaryFolder) throws -> Records {
        let count = layout.fileCounts.reduce(0, +)
        let all = Records.random(
            count, width: layout.width, isSparse: layout.isSparse, seed: UInt64(count))
        let encoder = try RecordEncoder(layout.format, width: layout.width, hasLabels: true)
        var start = 0
        for (file, count) in layout.fileCounts.enumerated() {
            var bytes: [UInt8] = []
            try encoder.append(all.gathering(Array(start..<start + count)), to: &bytes)
            start += count
            try folder.write("part-\(file)", isGzip ? gzipped(bytes) : bytes)
        }
        return all
    }

    private func source(_ layout: Layout, _ folder: TemporaryFolder) -> ChannelSource {
        let type = layout.format == .csv ? "text/csv;header=absent" : layout.format.mediaType
        return ChannelSource(
            name: "train", path: folder.path, contentType: type, defaultLabelCount: 1,
            featureCount: layout.width)
    }

    @Test(arguments: layouts, [false, true])
    func `the shards together are the whole, in every world`(_ layout: Layout, isGzip: Bool) throws {
        try TemporaryFolder.with { folder in
            let all = try write(layout, isGzip: isGzip, to: folder)
            let source = source(layout, folder)
            for size in [1, 2, 3, 5] {
                let channels = try LoopbackWorld.run(size: size) {
                    try DataChannel.open(source, communicator: $0)
                }
                for shardCount in [1, 2, 7, 16, 64] {
                    let parts = try channels.enumerated().map { rank, channel in
                        #expect(channel.recordCount == all.count)
                        return try stride(from: rank, to: shardCount, by: size).map { shard in
                            (shard, try channel.load(channel.range(ofShard: shard, of: shardCount)))
                        }
                    }
                    let shards = parts.joined().sorted { $0.0 < $1.0 }.map(\.1)
                    #expect(shards.count == shardCount)
                    // Not inside #expect, which would print both on failure.
                    let isWhole = Records.joining(shards) == all
                    #expect(isWhole, "\(size) ranks, \(shardCount) shards")
                }
            }
        }
    }

    @Test(arguments: layouts, [false, true])
    func `any range can be loaded, in any order`(_ layout: Layout, isGzip: Bool) throws {
        try TemporaryFolder.with { folder in
            let all = try write(layout, isGzip: isGzip, to: folder)
            let channel = try DataChannel.open(source(layout, folder), communicator: SoloCommunicator())
            var random = DecimalReadingTests.SplitMix(state: 7)
            for _ in 0..<20 {
                let bounds = (0..<2).map { _ in Int.random(in: 0...all.count, using: &random) }.sorted()
                let expected = all.gathering(Array(bounds[0]..<bounds[1]))
                let isEqual = try channel.load(bounds[0]..<bounds[1]) == expected
                #expect(isEqual, "records \(bounds)")
            }
        }
    }

    @Test func `threads may load at the same time`() throws {
        try TemporaryFolder.with { folder in
            let layout = Self.layouts[3]
            let all = try write(layout, isGzip: true, to: folder)
            let channel = try DataChannel.open(source(layout, folder), communicator: SoloCommunicator())
            let parts = try LoopbackWorld.run(size: 4) { communicator in
                try (0..<8).map { _ in
                    try channel.load(channel.range(ofShard: communicator.rank, of: 4))
                }
            }
            for repeated in 0..<8 {
                let isWhole = Records.joining(parts.map { $0[repeated] }) == all
                #expect(isWhole)
            }
        }
    }

    @Test func `a header may begin every file or the first one only`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.csv", "y,x\n1,2\n")
            try folder.write("b.csv", "\u{FEFF}y,x\r\n3,4\n")
            try folder.write("c.csv", "5,6\n")
            try folder.write("d.csv", "y,x\n")
            let records = try DataChannel.solo(folder.path).loadAll()
            #expect(records.labels == [1, 3, 5])
            #expect(records.denseRows == [[2], [4], [6]])
            // Another header is no header: the columns may mean something else.
            try folder.write("e.csv", "x,y\n7,8\n")
            let found = message { try DataChannel.solo(folder.path).loadAll() }
            #expect(
                found.hasPrefix(
                    "\(folder.path)/e.csv, line 1, column 1 has 'x' where the header of "
                        + "\(folder.path)/a.csv has 'y'"))
        }
    }

    @Test func `a bad value behind records that are skipped is named by its place in the file`() throws {
        try TemporaryFolder.with { folder in
            let rows = (1...100).map { $0 == 90 ? "1,x\n" : $0 % 7 == 0 ? "\n1,\"2\"\n" : "1,2\n" }
            let text = try folder.write("a.csv", "y,\"x\nz\"\n" + rows.joined())
            let csv = try DataChannel.solo(text)
            // Two lines of header, and twelve blank ones.
            let line = 2 + 90 + 12
            for start in [0, 50, 89] {
                #expect(
                    message { try csv.load(start..<95) }
                        == "\(text), line \(line), column 2: 'x' is not a number")
            }
            let frames = (1...100).flatMap { Bytes.frame(Bytes.row([1, $0 == 90 ? .nan : 2])) }
            let binary = try folder.write("b.pbr", frames)
            let recordIO = try DataChannel.solo(binary, labels: 0)
            for start in [0, 50, 89] {
                #expect(
                    message { try recordIO.load(start..<95) }
                        == "\(binary), record 90 (byte \(89 * 32)): its value 2 is nan, no finite number")
            }
        }
    }

    @Test func `a file changed after the opening is noticed`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", "1,2\n3,4\n")
            let channel = try DataChannel.solo(path)
            try folder.write("a.csv", "1,2\n")
            #expect(message { try channel.loadAll() }.contains("has changed since the channel was opened"))
        }
    }
}
