import Datasets
import Foundation
import Tensors
import Testing

/// Damaged and random bytes: the readers answer with records or an error, never with a crash.
@Suite struct FuzzTests {
    private static let seed: UInt64 = 9_137_411

    private func open(_ bytes: [UInt8], _ type: String, _ folder: TemporaryFolder) throws {
        let path = try folder.write("a", bytes)
        do {
            _ = try DataChannel.solo(path, type, labels: 0).loadAll()
        } catch {
            #expect("\(error)".contains(path), "an error that does not name the file: \(error)")
        }
    }

    private func valid(_ format: DataFormat, _ random: inout DecimalReadingTests.SplitMix) throws -> [UInt8] {
        let isSparse = format == .libsvm || (format == .recordIO && Bool.random(using: &random))
        let records = Records.random(8, width: 12, isSparse: isSparse, seed: random.next())
        var bytes: [UInt8] = []
        try RecordEncoder(format, width: 12, hasLabels: true).append(records, to: &bytes)
        return bytes
    }

    @Test(arguments: DataFormat.allCases)
    func `damaged files give an error or records`(_ format: DataFormat) throws {
        print("seed \(Self.seed) for damaged \(format.rawValue)")
        var random = DecimalReadingTests.SplitMix(state: Self.seed)
        try TemporaryFolder.with { folder in
            for _ in 0..<500 {
                var bytes = try valid(format, &random)
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0...3, using: &random) {
                    case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
                    case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 2: bytes.remove(at: place)
                    default: bytes.removeLast(min(bytes.count, Int.random(in: 0...9, using: &random)))
                    }
                }
                try open(bytes, format.mediaType, folder)
            }
        }
    }

    @Test(arguments: DataFormat.allCases)
    func `random bytes give an error or records`(_ format: DataFormat) throws {
        print("seed \(Self.seed) for random \(format.rawValue)")
        var random = DecimalReadingTests.SplitMix(state: Self.seed)
        try TemporaryFolder.with { folder in
            for _ in 0..<500 {
                let count = Int.random(in: 0...200, using: &random)
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                // Framed too, so that the bytes get as far as the protobuf reader.
                try open(format == .recordIO ? Bytes.frame(bytes) : bytes, format.mediaType, folder)
                try open(bytes, format.mediaType, folder)
            }
        }
    }

    @Test func `text that looks like CSV is read or refused`() throws {
        print("seed \(Self.seed) for text")
        var random = DecimalReadingTests.SplitMix(state: Self.seed)
        let alphabet = [UInt8]("0123456789.,,,\n\n\r\"e-+ \t".utf8)
        try TemporaryFolder.with { folder in
            for _ in 0..<1500 {
                let count = Int.random(in: 0...60, using: &random)
                let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0x30 }
                try open(bytes, "text/csv;label_size=0", folder)
            }
        }
    }
}
