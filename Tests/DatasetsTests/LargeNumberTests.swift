import Datasets
import Diagnostics
import Foundation
import Storage
import Testing

/// Numbers in files that ask for more memory than there is: refused by their place, before anything is
/// allocated.
@Suite struct LargeNumberTests {
    private func inspected(_ path: String, _ contentType: String? = nil) -> String {
        message {
            try DataInspection.summarize(
                ChannelSource(name: "data", path: path, contentType: contentType, defaultLabelCount: 0))
        }
    }

    @Test func `rows of zeros are as wide as their shape and as many as they like`() throws {
        try TemporaryFolder.with { folder in
            let wide = Bytes.frame(Bytes.row([Float](repeating: 1, count: 500_000)))
            let zeros = Bytes.frame(Bytes.row([], shape: [500_000]))
            let path = try folder.write("a.pbr", wide + (0..<200_000).flatMap { _ in zeros })
            let channel = try DataChannel.solo(path, labels: 0)
            #expect(channel.recordCount == 200_001)
            let found = message { try channel.loadAll() }
            #expect(found.contains("200001 records of 500000 features, as wide as \(path), record 1, needs"))
        }
    }

    @Test func `sparse records of any width are inspected`() throws {
        try TemporaryFolder.with { folder in
            let libsvm = try folder.write("a.libsvm", "1 0:2 2147483646:1\n0 7:1\n")
            let summary = try DataInspection.summarize(
                ChannelSource(name: "data", path: libsvm, defaultLabelCount: 0))
            #expect(summary.features == 2_147_483_647)
            #expect(summary.columns.count == DataSummary.largestColumnCount)
            #expect(summary.columns[7].max == 1)
            let sparse = Bytes.row([1], keys: [2_147_483_000], shape: [2_147_483_647])
            let record = try folder.write("a.pbr", Bytes.frame(sparse))
            #expect(inspected(record) == "(no error)")
            #expect(
                try DataChannel.solo(libsvm).widthPlace == "\(libsvm), line 1, with feature index 2147483646")
        }
    }

    @Test func `a line without an end is given up by its length`() throws {
        try TemporaryFolder.with { folder in
            let writer = Data(repeating: UInt8(ascii: "1"), count: 40 << 20)
            let path = try folder.write("a.csv.gz", try gzipped([UInt8]("1,2\n".utf8) + [UInt8](writer)))
            let found = inspected(path, "text/csv")
            #expect(found.hasPrefix("\(path), line 2: a line of "), "\(found)")
            #expect(found.contains("too long to be looked at"))
            #expect(inspected(path, "text/libsvm").hasPrefix("\(path), line 1, column"))
        }
    }

    @Test(
        arguments: [
            [0, 0, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF],
            [0, 0, 14, 3, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0, 1, 0],
            [0, 0, 14, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]])
    func `an IDX header that promises more than there is is refused`(_ bytes: [UInt8]) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a", bytes)
            #expect(inspected(path).hasPrefix("\(path): its header promises 4294967295 records of "))
            let packed = try folder.write("b", try gzipped(bytes))
            let found = inspected(packed)
            #expect(found.hasPrefix(packed) && found != "(no error)", "\(found)")
        }
    }

    @Test func `a record of millions of empty fields is refused`() throws {
        try TemporaryFolder.with { folder in
            let empty = (0..<4 << 20).map { UInt8($0 & 1 == 0 ? 0x0A : 0) }
            let path = try folder.write("a.pbr", Bytes.frame(empty))
            #expect(inspected(path).contains("it has more than 1048576 fields"))
        }
    }

    @Test func `weights among the tensors of a record are refused`() throws {
        try TemporaryFolder.with { folder in
            let record =
                Bytes.row([1, 2]) + Bytes.label(1)
                + Bytes.entry(2, "weights", Bytes.field(1, Bytes.floats([3])))
            let path = try folder.write("a.pbr", Bytes.frame(record))
            #expect(
                inspected(path) == "\(path), record 1 (byte 0): it has 'weights': weights of records are not "
                    + "read; leave them out")
        }
    }

    @Test func `the limit names what is needed and what is there`() throws {
        try AvailableMemory.require(AvailableMemory.smallest, for: "little")
        let error = #expect(throws: LockstepError.self) {
            try AvailableMemory.require(1 << 60, for: "a.csv, line 3: all of it")
        }
        let message = try #require(error?.message)
        let beginning = "a.csv, line 3: all of it needs about 1.2 EB of memory, and "
        #expect(message.hasPrefix(beginning), "\(message)")
        #expect(error?.code == .data)
        #expect(AvailableMemory.bytes > 0)
        #expect(AvailableMemory.text(999) == "999 bytes")
        #expect(AvailableMemory.text(1_250_000) == "1.3 MB")
    }
}
