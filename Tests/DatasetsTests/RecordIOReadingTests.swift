import Datasets
import Foundation
import Tensors
import Testing

/// Builds RecordIO-protobuf bytes by hand, so that the reader is not tested with its own writer.
enum Bytes {
    static func hex(_ text: String) -> [UInt8] {
        text.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
    }
    static func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }
    static func floats(_ values: [Float]) -> [UInt8] { values.flatMap { word($0.bitPattern) } }
    static func doubles(_ values: [Double]) -> [UInt8] {
        values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { [UInt8]($0) } }
    }
    static func varint(_ value: UInt64) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }
    /// A length-delimited field.
    static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2] + varint(UInt64(content.count)) + content
    }
    static func frame(_ payload: [UInt8], flag: UInt32 = 0) -> [UInt8] {
        word(0xCED7_230A) + word(flag << 29 | UInt32(payload.count)) + payload
            + [UInt8](repeating: 0, count: -payload.count & 3)
    }
    /// `type`: the field number of the tensor in Value.
    static func entry(_ map: UInt8, _ key: String, type: UInt8 = 2, _ tensor: [UInt8]) -> [UInt8] {
        field(map, field(1, [UInt8](key.utf8)) + field(2, field(type, tensor)))
    }
    static func packed(_ values: [UInt64]) -> [UInt8] { values.flatMap { varint($0) } }
    static func row(_ values: [Float], keys: [UInt64] = [], shape: [UInt64] = []) -> [UInt8] {
        entry(
            1, "values",
            (values.isEmpty ? [] : field(1, floats(values)))
                + (keys.isEmpty ? [] : field(2, packed(keys)))
                + (shape.isEmpty ? [] : field(3, packed(shape))))
    }
    static func label(_ value: Float) -> [UInt8] { entry(2, "values", field(1, floats([value]))) }
}

@Suite struct RecordIOReadingTests {
    struct Good: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var labels: [Float] = []
        var dense: [[Float]] = []
        var sparse: [[Int: Float]] = []
        var width: Int
    }

    static let magicFloat = Float(bitPattern: 0xCED7_230A)

    static let good: [Good] = [
        Good(
            testDescription: "dense vector",
            bytes: Bytes.hex(
                """
                0a 23 d7 ce 34 00 00 00 0a 1e 0a 06 76 61 6c 75 65 73 12 14 12 12 0a 10 00 00 c0 3f
                00 00 80 41 00 00 60 41 00 00 b8 41 12 12 0a 06 76 61 6c 75 65 73 12 08 12 06 0a 04
                00 00 80 3f
                """), labels: [1], dense: [[1.5, 16, 14, 23]], width: 4),
        Good(
            testDescription: "sparse vector",
            bytes: Bytes.hex(
                """
                0a 23 d7 ce 35 00 00 00 0a 1f 0a 06 76 61 6c 75 65 73 12 15 12 13 0a 08 00 00 80 3f
                00 00 80 40 12 03 03 ac 02 1a 02 d0 0f 12 12 0a 06 76 61 6c 75 65 73 12 08 12 06 0a
                04 00 00 00 00 00 00 00
                """), labels: [0], sparse: [[3: 1, 300: 4]], width: 2000),
        Good(
            testDescription: "int32 without label",
            bytes: Bytes.hex(
                """
                0a 23 d7 ce 1d 00 00 00 0a 1b 0a 06 76 61 6c 75 65 73 12 11 3a 0f 0a 0d 01 ac 02 ff
                ff ff ff ff ff ff ff ff 01 00 00 00
                """), dense: [[1, 300, -1]], width: 3),
        Good(
            testDescription: "row of zeros",
            bytes: Bytes.hex(
                "0a 23 d7 ce 11 00 00 00 0a 0f 0a 06 76 61 6c 75 65 73 12 05 12 03 1a 01 05 00 00 00"),
            sparse: [[:]], width: 5),
        Good(
            testDescription: "float64 with uid and metadata",
            bytes: Bytes.hex(
                """
                0a 23 d7 ce 24 00 00 00 0a 16 0a 06 76 61 6c 75 65 73 12 0c 1a 0a 0a 08 00 00 00 00
                00 00 e0 3f 1a 06 61 62 63 31 32 33 22 02 7b 7d
                """), dense: [[0.5]], width: 1),
        Good(
            testDescription: "label before features, mixed tensor types",
            bytes: Bytes.frame(Bytes.label(3) + Bytes.row([1, 2]))
                + Bytes.frame(
                    Bytes.entry(1, "values", type: 3, Bytes.field(1, Bytes.doubles([4, 5])))
                        + Bytes.entry(2, "values", type: 7, Bytes.field(1, [6]))),
            labels: [3, 6], dense: [[1, 2], [4, 5]], width: 2),
        Good(
            testDescription: "unpacked values and several chunks",
            bytes: Bytes.frame(
                Bytes.entry(
                    1, "values",
                    [0x0D] + Bytes.floats([1]) + Bytes.field(1, Bytes.floats([2, 3])) + [0x0D]
                        + Bytes.floats([4]))), dense: [[1, 2, 3, 4]], width: 4),
        Good(
            testDescription: "unknown fields",
            bytes: Bytes.frame(
                [0x78, 0x05] + Bytes.row([1]) + Bytes.field(14, [1, 2, 3]) + [0x6D, 0, 0, 0, 0]),
            dense: [[1]], width: 1),
        Good(
            testDescription: "last of a doubled key", bytes: Bytes.frame(Bytes.row([1, 2]) + Bytes.row([3])),
            dense: [[3]], width: 1),
        Good(
            testDescription: "keys in any order, doubled ones add up",
            bytes: Bytes.frame(Bytes.row([1, 2, 4], keys: [7, 3, 7], shape: [9])), sparse: [[3: 2, 7: 5]],
            width: 9),
        Good(
            testDescription: "matrix by rows", bytes: Bytes.frame(Bytes.row([1], keys: [7], shape: [2, 5])),
            sparse: [[7: 1]], width: 10),
        Good(
            testDescription: "row of zeros among dense ones",
            bytes: Bytes.frame(Bytes.row([1, 2])) + Bytes.frame(Bytes.row([], shape: [2])),
            dense: [[1, 2], [0, 0]], width: 2),
        Good(
            testDescription: "dense row among sparse ones",
            bytes: Bytes.frame(Bytes.row([1, 0])) + Bytes.frame(Bytes.row([5], keys: [3], shape: [4])),
            sparse: [[0: 1], [3: 5]], width: 4),
        Good(
            testDescription: "record in three parts",
            bytes: {
                let whole = Bytes.row([1, magicFloat, 3, magicFloat, 5])
                let start = 4 + (whole.count - 20)
                return Bytes.frame([UInt8](whole[..<start]), flag: 1)
                    + Bytes.frame([UInt8](whole[(start + 4)..<(start + 8)]), flag: 2)
                    + Bytes.frame([UInt8](whole[(start + 12)...]), flag: 3) + Bytes.frame(whole)
            }(), dense: .init(repeating: [1, magicFloat, 3, magicFloat, 5], count: 2), width: 5),
    ]

    @Test(arguments: good, [false, true])
    func `records are read`(_ example: Good, isGzip: Bool) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a", isGzip ? gzipped(example.bytes) : example.bytes)
            let channel = try DataChannel.solo(path, labels: 0)
            let records = try channel.loadAll()
            #expect(channel.featureCount == example.width)
            #expect(records.labels == example.labels)
            #expect(records.denseRows == example.dense)
            #expect(records.sparseRows == example.sparse)
        }
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        /// What follows `PATH, record `.
        var message: String
    }

    static let bad: [Bad] = [
        Bad(
            testDescription: "bad magic", bytes: Bytes.frame(Bytes.row([1])) + [1, 2, 3, 4, 0, 0, 0, 0],
            message: "2 (byte 28): no frame at byte 28, where its magic number belongs"),
        Bad(
            testDescription: "length beyond the end",
            bytes: Bytes.frame(Bytes.row([1])) + [UInt8](Bytes.frame(Bytes.row([1])).dropLast(4)),
            message: "2 (byte 28): a frame of 20 bytes goes beyond the end of the file"),
        Bad(
            testDescription: "huge length", bytes: Bytes.word(0xCED7_230A) + Bytes.word(0x1FFF_FFFF),
            message: "1 (byte 0): a frame of 536870911 bytes goes beyond the end of the file"),
        Bad(
            testDescription: "cut header", bytes: Bytes.frame(Bytes.row([1])) + [0x0A, 0x23],
            message: "2 (byte 28): the file ends within the header of a frame, at byte 28"),
        Bad(
            testDescription: "no protobuf", bytes: Bytes.frame([0xFF, 0xFF, 0xFF, 0xFF]),
            message: "1 (byte 0): the payload is no Record message"),
        Bad(
            testDescription: "key outside the shape",
            bytes: Bytes.frame(Bytes.row([1], keys: [9], shape: [3, 3])),
            message: "1 (byte 0): key 9 lies outside its shape of 9 features"),
        Bad(
            testDescription: "keys and values of unlike number",
            bytes: Bytes.frame(Bytes.row([1], keys: [2, 3], shape: [5])),
            message: "1 (byte 0): it has 2 keys for 1 values"),
        Bad(
            testDescription: "values and shape of unlike number",
            bytes: Bytes.frame(Bytes.row([1, 2], shape: [5])),
            message: "1 (byte 0): it has 2 values for a shape of 5 features"),
        Bad(
            testDescription: "shape beyond counting",
            bytes: Bytes.frame(Bytes.row([1], keys: [1], shape: [1 << 40, 1 << 40])),
            message: "1 (byte 0): its shape is too large to count"),
        Bad(
            testDescription: "too many features",
            bytes: Bytes.frame(Bytes.row([1], keys: [1], shape: [5_000_000_000])),
            message: "1 (byte 0): it has 5000000000 features; at most 2147483647 are read"),
        Bad(
            testDescription: "dense rows of unlike width",
            bytes: Bytes.frame(Bytes.row([1, 2])) + Bytes.frame(Bytes.row([1])),
            message: "2 (byte 32): 1 features found where 2 are expected"),
        Bad(
            testDescription: "no values",
            bytes: Bytes.frame(Bytes.entry(1, "source", Bytes.field(1, [0, 0, 0, 0]))),
            message: "1 (byte 0): it has no number tensor 'values' among its features"),
        Bad(
            testDescription: "empty payload", bytes: Bytes.frame([]),
            message: "1 (byte 0): it has no number tensor 'values' among its features"),
        Bad(
            testDescription: "no features", bytes: Bytes.frame(Bytes.row([])),
            message: "1 (byte 0): it has no features"),
        Bad(
            testDescription: "two labels",
            bytes: Bytes.frame(
                Bytes.row([1]) + Bytes.entry(2, "values", Bytes.field(1, Bytes.floats([1, 2])))),
            message: "1 (byte 0): its label is not one number named 'values'"),
        Bad(
            testDescription: "label missing later",
            bytes: Bytes.frame(Bytes.row([1]) + Bytes.label(1)) + Bytes.frame(Bytes.row([1])),
            message: "2 (byte 48): it has no label, the first has one"),
        Bad(
            testDescription: "nan", bytes: Bytes.frame(Bytes.row([1, .nan])),
            message: "1 (byte 0): its value 2 is nan, no finite number"),
        Bad(
            testDescription: "infinite sparse value",
            bytes: Bytes.frame(Bytes.row([.infinity], keys: [1], shape: [3])),
            message: "1 (byte 0): its value 1 is inf, no finite number"),
        Bad(
            testDescription: "infinite label", bytes: Bytes.frame(Bytes.row([1]) + Bytes.label(.infinity)),
            message: "1 (byte 0): its label is inf"),
        Bad(
            testDescription: "later part without the first", bytes: Bytes.frame(Bytes.row([1]), flag: 2),
            message: "1 (byte 0): a later part of a record stands without the first"),
        Bad(
            testDescription: "last part missing", bytes: Bytes.frame(Bytes.row([1]), flag: 1),
            message: "1 (byte 0): the file ends between the parts of a record"),
        Bad(
            testDescription: "record begun inside another",
            bytes: Bytes.frame(Bytes.row([1]), flag: 1) + Bytes.frame(Bytes.row([1])),
            message: "1 (byte 0): a record begins before the last part of this one"),
        Bad(
            testDescription: "unknown flag", bytes: Bytes.frame(Bytes.row([1]), flag: 5),
            message: "1 (byte 0): a frame has the unknown continuation flag 5"),
    ]

    @Test(arguments: bad) func `bad input is named`(_ example: Bad) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.pbr", example.bytes)
            let found = message {
                try DataChannel.solo(path, "application/x-recordio-protobuf", labels: 0).loadAll()
            }
            #expect(found == "\(path), record \(example.message)")
        }
    }

    @Test func `missing values are kept where they are allowed`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.pbr", Bytes.frame(Bytes.row([1, .nan])))
            let rows = try DataChannel.solo(path, labels: 0, allowsMissing: true).loadAll().denseRows
            #expect(rows[0][0] == 1)
            #expect(rows[0][1].isNaN)
        }
    }
}
