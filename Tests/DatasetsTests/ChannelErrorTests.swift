import Collectives
import Datasets
import Diagnostics
import Foundation
import Testing

@Suite struct ChannelErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Files of the channel by name.
        var files: [String: [UInt8]]
        var path = ""
        var contentType: String? = "text/csv"
        var compressionType: String?
        var width: Int?
        var code: LockstepError.Code = .data
        /// `DIR` stands for the channel's folder.
        var message: String
    }

    private static func text(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

    static let cases: [Case] = [
        Case(
            testDescription: "missing path", files: ["a.csv": text("1,2\n")], path: "/none", code: .notFound,
            message: "channel 'train': there is nothing at DIR/none"),
        Case(
            testDescription: "empty folder", files: [:],
            message: "channel 'train': the folder DIR holds no data files"),
        Case(
            testDescription: "folder of hidden files", files: [".a": text("1,2\n"), "_b": text("1,2\n")],
            message: "channel 'train': the folder DIR holds no data files"),
        Case(
            testDescription: "empty files", files: ["a": [], "b": []],
            message: "channel 'train': DIR holds no records"),
        Case(
            testDescription: "header in all files and no rows", files: ["a": text("x,y\n")],
            contentType: "text/csv;header=present", message: "channel 'train': DIR holds no records"),
        Case(
            testDescription: "another number of columns in another file",
            files: ["a": text("1,2\n"), "b": text("\n1,2,3\n")],
            message: "DIR/b, line 2: 3 columns found where 2 are expected, as in DIR/a"),
        Case(
            testDescription: "first bad file of several",
            files: ["a": text("1,2\n"), "b": text("1\n1,2\n"), "c": text("1,2\n1\n")],
            message: "DIR/b, line 2: 2 columns found where 1 are expected, as in line 1"),
        Case(
            testDescription: "another width than the model's", files: ["a": text("1,2,3\n")], width: 5,
            message: "channel 'train': DIR/a has 2 features a row where 5 are expected "
                + "(feature_dim, or the width of channel 'train')"),
        Case(
            testDescription: "plain file called gzip", files: ["a": text("1,2\n")], compressionType: "Gzip",
            message: "DIR/a is not a gzip file though CompressionType says Gzip; compress it or say None"),
        Case(
            testDescription: "unknown compression", files: ["a": text("1,2\n")], compressionType: "Zip",
            code: .configuration,
            message: "channel 'train': CompressionType 'zip' is not supported; use None or Gzip"),
        Case(
            testDescription: "unknown content type", files: ["a": text("1,2\n")],
            contentType: "application/x-parquet", code: .configuration,
            message: "channel 'train': ContentType 'application/x-parquet' is not supported; "
                + "use text/csv, text/libsvm or application/x-recordio-protobuf"),
        Case(
            testDescription: "two labels", files: ["a": text("1,2\n")], contentType: "text/csv;label_size=2",
            code: .configuration,
            message: "channel 'train': ContentType 'text/csv;label_size=2' has label_size '2'; "
                + "a row has 0 or 1 labels"),
        Case(
            testDescription: "unknown parameter", files: ["a": text("1,2\n")], contentType: "text/csv;sep=x",
            code: .configuration,
            message: "channel 'train': ContentType 'text/csv;sep=x' has an unknown parameter 'sep'; "
                + "known are label_size, header, delimiter"),
        Case(
            testDescription: "UTF-16", files: ["a": [0xFF, 0xFE, 0x31, 0, 0x2C, 0, 0x32, 0]],
            message: "DIR/a is UTF-16 text; save it as UTF-8"),
        Case(
            testDescription: "libsvm index outside the model", files: ["a": text("1 0:1\n1 2:1 7:1\n")],
            contentType: "text/libsvm", width: 5,
            message: "DIR/a, line 2: the row has feature index 7 or a shape that wide; a row has 5 features"),
        Case(
            testDescription: "libsvm without labels", files: ["a": text("0:1\n2:1 7:1\n")],
            contentType: "text/libsvm;label_size=0",
            message: "channel 'train': the records of DIR/a have no labels"),
        Case(
            testDescription: "libsvm weights asked for", files: ["a": text("1,2\n")],
            contentType: "text/csv;csv_weights=1", code: .configuration,
            message: "channel 'train': ContentType 'text/csv;csv_weights=1' asks for weights of records "
                + "('csv_weights'), which are not read; leave it out"),
        Case(
            testDescription: "RecordIO beside CSV",
            files: ["a": text("1,2\n"), "b": [0x0A, 0x23, 0xD7, 0xCE, 0, 0, 0, 0]],
            message: "DIR/b is RecordIO-protobuf and no text; a channel has files of one format"),
        Case(
            testDescription: "CSV beside RecordIO",
            files: ["a": Bytes.frame(Bytes.row([1, 2])), "b": text("1,2,3,4,5,6\n")],
            contentType: "application/x-recordio-protobuf",
            message: "DIR/b, record 1 (byte 0): no frame at byte 0, where its magic number belongs; the file "
                + "is no RecordIO, as its channel's format says"),
    ]

    @Test(arguments: cases, [1, 2, 3, 5])
    func `a bad channel is refused with the same words on every rank`(_ example: Case, size: Int) throws {
        try TemporaryFolder.with { folder in
            for (name, bytes) in example.files { try folder.write(name, bytes) }
            let source = ChannelSource(
                name: "train", path: folder.path + example.path, contentType: example.contentType,
                compressionType: example.compressionType, defaultLabelCount: 1, featureCount: example.width)
            let errors = try LoopbackWorld.run(size: size) { communicator -> LockstepError? in
                do {
                    _ = try DataChannel.open(source, communicator: communicator)
                    return nil
                } catch {
                    return error as? LockstepError
                }
            }
            #expect(errors.count == size)
            for error in errors {
                #expect(error?.code == example.code)
                #expect(error?.message == example.message.replacingOccurrences(of: "DIR", with: folder.path))
            }
        }
    }

    @Test func `a damaged gzip file is named`() throws {
        try TemporaryFolder.with { folder in
            let text = (0..<50_000).map { "\($0 % 10),\($0),\($0 * 7 % 1000)\n" }.joined()
            let whole = try gzipped([UInt8](text.utf8))
            let path = try folder.write("a.csv.gz", whole)
            #expect(try DataChannel.solo(path).recordCount == 50_000)

            try folder.write("a.csv.gz", [UInt8](whole.dropLast(100)))
            #expect(
                message { try DataChannel.solo(path) }
                    == "\(path) is cut short: its gzip stream has no end after \(whole.count - 100) bytes; "
                    + "copy the file again")

            try folder.write("a.csv.gz", [UInt8](whole.dropLast(4)))
            #expect(message { try DataChannel.solo(path) }.contains("is cut short"))

            var flipped = whole
            flipped[whole.count - 6] ^= 0x40
            try folder.write("a.csv.gz", flipped)
            #expect(message { try DataChannel.solo(path) }.contains("incorrect data check"))

            try folder.write("a.csv.gz", whole + [1, 2, 3])
            #expect(
                message { try DataChannel.solo(path) }
                    == "\(path) has bytes after its gzip stream, from byte \(whole.count)")

            try folder.write("a.csv.gz", whole + [0, 0, 0] + whole)
            #expect(try DataChannel.solo(path).recordCount == 100_000)
        }
    }
}
