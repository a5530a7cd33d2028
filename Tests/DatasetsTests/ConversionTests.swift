import Collectives
import Datasets
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite struct ConversionTests {
    private func convert(
        _ input: String, _ output: String, from: ConversionInput.Format = .auto, to format: DataFormat,
        labels: String? = nil, labelCount: Int = 1, column: LabelColumn = .first,
        header: HeaderRule = .auto, shards: Int = 1, isGzip: Bool = false
    ) throws -> DataConversion.Report {
        let source = try ConversionInput(
            path: input, format: from, labelsPath: labels, labelCount: labelCount, labelColumn: column,
            header: header
        ).open()
        return try DataConversion(output: output, format: format, shardCount: shards, isGzip: isGzip)
            .run(source)
    }

    @Test(arguments: [false, true], [1, 3])
    func `dense records survive every format`(isGzip: Bool, shards: Int) throws {
        try TemporaryFolder.with { folder in
            let all = Records.random(500, width: 9, isSparse: false, seed: 3)
            var bytes: [UInt8] = []
            try RecordEncoder(.csv, width: 9, hasLabels: true).append(all, to: &bytes)
            let start = try folder.write("a.csv", bytes)
            let recordIO = folder.path + "/b"
            let report = try convert(
                start, recordIO, to: .recordIO, header: .absent, shards: shards, isGzip: isGzip)
            #expect(report.rows == 500)
            #expect(report.files == shards)
            let isSame = try DataChannel.solo(recordIO).loadAll() == all
            #expect(isSame)
            let end = folder.path + "/c.csv"
            _ = try convert(recordIO, end, to: .csv)
            #expect(FileManager.default.contents(atPath: end).map { [UInt8]($0) } == bytes)
        }
    }

    @Test func `sparse records survive every format`() throws {
        try TemporaryFolder.with { folder in
            let all = Records.random(300, width: 40, isSparse: true, seed: 4)
            var bytes: [UInt8] = []
            try RecordEncoder(.libsvm, width: 40, hasLabels: true).append(all, to: &bytes)
            let start = try folder.write("a.libsvm", bytes)
            let recordIO = folder.path + "/b.pbr"
            _ = try convert(start, recordIO, to: .recordIO)
            let isSame = try DataChannel.solo(recordIO, width: 40).loadAll() == all
            #expect(isSame)
            let text = folder.path + "/c.libsvm"
            _ = try convert(recordIO, text, to: .libsvm)
            #expect(FileManager.default.contents(atPath: text).map { [UInt8]($0) } == bytes)
            // Through dense text the entries that are zero get lost, and nothing else.
            let csv = folder.path + "/d.csv"
            _ = try convert(recordIO, csv, to: .csv)
            let dense = try DataChannel.solo(csv, "text/csv;header=absent").loadAll()
            #expect(dense.labels == all.labels)
            for (row, entries) in zip(dense.denseRows, all.sparseRows) {
                for (column, value) in row.enumerated() { #expect(value == entries[column] ?? 0) }
            }
        }
    }

    @Test func `canonical frames are rewritten byte for byte`() throws {
        try TemporaryFolder.with { folder in
            for example in [0, 1] {
                let vector = RecordIOReadingTests.good[example].bytes
                let path = try folder.write("a\(example).pbr", vector)
                let output = folder.path + "/b\(example).pbr"
                _ = try convert(path, output, to: .recordIO)
                #expect(FileManager.default.contents(atPath: output).map { [UInt8]($0) } == vector)
            }
            // Our dense writer, with a width whose lengths take two bytes, against protobuf built by hand.
            let row = (0..<300).map { Float($0) * 0.5 }
            let frames =
                Bytes.frame(Bytes.row(row) + Bytes.label(7)) + Bytes.frame(Bytes.row(row) + Bytes.label(8))
            let path = try folder.write("c.pbr", frames)
            let output = folder.path + "/d.pbr"
            _ = try convert(path, output, to: .recordIO)
            #expect(FileManager.default.contents(atPath: output).map { [UInt8]($0) } == frames)
        }
    }

    @Test func `labels are taken from any column or file`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", "a,b,c\n1,2,3\n4,5,6\n")
            func rows(_ output: String) throws -> String {
                String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
            }
            _ = try convert(path, folder.path + "/1", to: .csv, column: .last)
            #expect(try rows(folder.path + "/1") == "3,1,2\n6,4,5\n")
            _ = try convert(path, folder.path + "/2", to: .csv, column: .number(2))
            #expect(try rows(folder.path + "/2") == "2,1,3\n5,4,6\n")
            let labels = try folder.write("labels.txt", "7\n8\n")
            _ = try convert(path, folder.path + "/3", to: .libsvm, labels: labels)
            #expect(try rows(folder.path + "/3") == "7 0:1 1:2 2:3\n8 0:4 1:5 2:6\n")
            let few = try folder.write("few.txt", "7\n")
            #expect(
                message { try convert(path, folder.path + "/4", to: .csv, labels: few) }
                    == "\(few) holds 1 labels for 2 records")
            #expect(
                message { try convert(path, folder.path + "/4", to: .csv, column: .number(4)) }
                    == "the label column is 4, but \(path) has 3 columns")
        }
    }

    @Test func `IDX files of every element type are read`() throws {
        try TemporaryFolder.with { folder in
            let labels = try folder.write("labels", [0, 0, 8, 1, 0, 0, 0, 2, 5, 255])
            let cases: [(UInt8, [UInt8], [Float])] = [
                (0x08, [1, 255], [1, 255]), (0x09, [1, 255], [1, -1]), (0x0B, [0, 1, 255, 255], [1, -1]),
                (0x0C, [0, 0, 1, 0, 255, 255, 255, 255], [256, -1]),
                (0x0D, [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0], [1, -2]),
                (0x0E, [0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xBF, 0xF0, 0, 0, 0, 0, 0, 0], [1.5, -1]),
            ]
            for (type, data, values) in cases {
                let bytes = [0, 0, type, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1] + data
                let images = try folder.write("images-\(type)", try gzipped(bytes))
                let output = folder.path + "/out-\(type)"
                _ = try convert(images, output, to: .recordIO, labels: labels)
                let records = try DataChannel.solo(output).loadAll()
                #expect(records.labels == [5, 255])
                #expect(records.denseRows == values.map { [$0] })
            }
            let cut = try folder.write("cut", [0, 0, 8, 1, 0, 0, 0, 3, 1])
            #expect(
                message { try convert(cut, folder.path + "/x", to: .csv) }
                    == "\(cut): its header promises 3 records of 1 bytes, and 1 bytes follow")
            let packed = try folder.write("packed", try gzipped([0, 0, 8, 1, 0, 0, 0, 3, 1]))
            #expect(
                message { try convert(packed, folder.path + "/x", to: .csv) }
                    == "\(packed) ends within record 2 of 3")
            #expect(
                message { try convert(labels, folder.path + "/x", to: .libsvm) }
                    == "libsvm rows begin with a label and these records have none; choose another format, "
                    + "or give the labels")
        }
    }

    @Test func `missing values stay missing, or are refused where that is impossible`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", "1,,3\n4,5,\n")
            _ = try convert(path, folder.path + "/b.pbr", to: .recordIO)
            _ = try convert(folder.path + "/b.pbr", folder.path + "/c.csv", to: .csv)
            #expect(FileManager.default.contents(atPath: folder.path + "/c.csv") == Data("1,,3\n4,5,\n".utf8))
            #expect(
                message { try convert(path, folder.path + "/d", to: .libsvm) }.contains(
                    "is missing, which libsvm cannot say"))
        }
    }

    @Test(arguments: [1, 4]) func `an error leaves nothing behind`(shards: Int) throws {
        try TemporaryFolder.with { folder in
            let good = String(repeating: "1,2\n", count: 10_000)
            let path = try folder.write("in/a.csv", good + "1,x\n")
            let output = folder.path + "/out"
            #expect(
                message { try convert(path, output, to: .recordIO, shards: shards) }
                    == "\(path), line 10001, column 2: 'x' is not a number")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["in"])
            try folder.write("out", "kept")
            #expect(
                message { try convert(path, output, to: .recordIO, shards: shards) }
                    == "\(output) exists; remove it or choose another name")
            #expect(FileManager.default.contents(atPath: output) == Data("kept".utf8))
        }
    }
}
