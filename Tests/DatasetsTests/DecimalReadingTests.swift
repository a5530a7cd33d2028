import Datasets
import Foundation
import Tensors
import Testing

/// Numbers of all shapes, read through a one-column CSV file and compared with strtof(3).
@Suite struct DecimalReadingTests {
    /// A generator whose numbers do not change between runs.
    struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private func expectExact(_ texts: [String]) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", texts.joined(separator: "\n") + "\n")
            let rows = try DataChannel.solo(path, "text/csv;label_size=0").loadAll().denseRows
            try #require(rows.count == texts.count)
            for (text, row) in zip(texts, rows) {
                let expected = strtof(text, nil)
                #expect(row[0].bitPattern == expected.bitPattern, "\(text) gave \(row[0])")
            }
        }
    }

    @Test func `edges are rounded as strtof rounds them`() throws {
        try expectExact([
            "0", "-0", "0.0", "-0.0e10", "1", "16777215", "16777216", "16777217", "16777219", "-16777217",
            "16777217.0000000000000000001", "16777216.99999999999999999999", "9007199254740993",
            "18446744073709551615", "18446744073709551616", "123456789012345678901234567890123456789",
            "3.4028234663852886e38", "3.4028235e38", "340282346638528859811704183484516925440",
            "1.1754943508222875e-38", "1.1754942e-38", "1.401298464324817e-45", "7e-46", "1e-45", "1e-60",
            "0.1", "0.2", "0.3", "8388608.5", "8388609.5", "0.00000000000000000000000000000000000001",
            "1e22", "1e23", "1e-22", "1e-23", "123456789e-9", "000000000000000000000000001.5", "1.50000e0",
            "1E5", "1e+05", ".5", "5.", "0.000000059604644775390625", "1.00000005960464477539062",
            "1.000000059604644775390625", "1.0000000596046447753906251", "1.1920929e-07",
        ])
    }

    @Test func `random decimals are rounded as strtof rounds them`() throws {
        let seed: UInt64 = 20_240_601
        var random = SplitMix(state: seed)
        var texts: [String] = []
        for _ in 0..<20_000 {
            // Any float, in its shortest form and in that of a double near it.
            let float = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            if float.isFinite {
                texts.append("\(float)")
                texts.append("\(Double(float) * (1 + Double.random(in: -1e-7...1e-7, using: &random)))")
                // The midpoint between two floats, to all its digits, and one digit beside it.
                let middle = (Double(float) + Double(float.nextUp)) / 2
                if middle.isFinite, abs(middle) < 3e38 { texts.append("\(middle)") }
            }
            let digits = (0..<Int.random(in: 1...22, using: &random)).map { _ in
                String(Int.random(in: 0...9, using: &random))
            }
            let point = Int.random(in: 0...digits.count, using: &random)
            texts.append(digits[..<point].joined() + "." + digits[point...].joined())
            texts.append(digits.joined() + "e\(Int.random(in: -60...15, using: &random))")
        }
        try expectExact(texts.filter { strtof($0, nil).isFinite })
    }

    @Test(arguments: [
        "1e", "1e+", "e5", ".", "-", "+", "--1", "1-", "1..2", "0x10", "1_000", "1f", "１", "1e5.5", "٣",
        "1 2", "infinite", "1,5\"",
    ])
    func `what is no decimal number is refused`(_ text: String) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"\n")
            let found = message {
                try DataChannel.solo(path, "text/csv;label_size=0;header=absent").loadAll()
            }
            #expect(found.hasPrefix("\(path), line 1, column 1: '\(text)' is not a number"))
        }
    }
}
