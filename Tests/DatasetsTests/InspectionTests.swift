import Datasets
import Foundation
import Testing

@Suite struct InspectionTests {
    private func summary(_ path: String, _ contentType: String? = nil) throws -> DataSummary {
        try DataInspection.summarize(
            ChannelSource(name: "data", path: path, contentType: contentType, defaultLabelCount: 0))
    }

    @Test func `CSV is summed up by column`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.csv", "y,\"size, m\",rooms\n1,10,\n0,20,3\n")
            try folder.write("b.csv", try gzipped([UInt8]("1,-3,4\n".utf8)))
            let found = try summary(folder.path, "text/csv;label_size=1")
            #expect(found.format == "csv")
            #expect((found.files, found.rows, found.features, found.missing) == (2, 3, 2, 1))
            #expect(found.hasHeader)
            #expect(found.labels?.classes?.map(\.label) == [0, 1])
            #expect(found.labels?.classes?.map(\.rows) == [1, 2])
            #expect(
                found.columns == [
                    DataSummary.Column(index: 0, name: "size, m", min: -3, max: 20, mean: 9),
                    DataSummary.Column(index: 1, name: "rooms", min: 3, max: 4, mean: 3.5, missing: 1),
                ])
        }
    }

    @Test func `absent entries of sparse data are zeros`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.libsvm", "1 0:2 2:-1\n3 0:4\n")
            let found = try summary(path)
            #expect(found.density == 0.5)
            #expect(
                found.columns == [
                    DataSummary.Column(index: 0, min: 2, max: 4, mean: 3),
                    DataSummary.Column(index: 1, min: 0, max: 0, mean: 0),
                    DataSummary.Column(index: 2, min: -1, max: 0, mean: -0.5),
                ])
        }
    }

    @Test func `a column without values has no range`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", "1,\n2,\n")
            let column = try summary(path).columns[1]
            #expect(column == DataSummary.Column(index: 1, min: nil, max: nil, mean: nil, missing: 2))
        }
    }

    @Test func `many labels are told as a range`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", (0..<500).map { "\($0),1\n" }.joined())
            let labels = try summary(path, "text/csv;label_size=1").labels
            #expect(labels?.min == 0)
            #expect(labels?.max == 499)
            #expect(labels?.classes == nil)
        }
    }

    @Test func `IDX is recognised`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a", [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4])
            let found = try summary(path)
            #expect((found.format, found.rows, found.features) == ("idx", 2, 2))
        }
    }
}
