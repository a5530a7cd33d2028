import Datasets
import Foundation
import Tensors
import Testing

@Suite struct LibsvmReadingTests {
    struct Good: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var labels: [Float]
        var rows: [[Int: Float]]
        var width: Int
        var contentType: String? = "text/libsvm"
    }

    static let good: [Good] = [
        Good(
            testDescription: "indices as they are", text: "1 0:1 3:2.5\n-1 1:4\n", labels: [1, -1],
            rows: [[0: 1, 3: 2.5], [1: 4]], width: 4),
        Good(
            testDescription: "any order", text: "1 9:1 3:2 4:0\n", labels: [1], rows: [[3: 2, 4: 0, 9: 1]],
            width: 10),
        Good(
            testDescription: "row of zeros, comment, blank lines, tabs, CRLF",
            text: "# a comment\n1\r\n\n0\t2:1 # 5:6\r\n", labels: [1, 0], rows: [[:], [2: 1]], width: 3),
        Good(
            testDescription: "no label and no line feed", text: "2:1 3:1\n5:1", labels: [],
            rows: [[2: 1, 3: 1], [5: 1]], width: 6, contentType: "text/libsvm;label_size=0"),
        Good(
            testDescription: "byte order mark", text: "\u{FEFF}1 2:3\n", labels: [1], rows: [[2: 3]], width: 3
        ),
        Good(
            testDescription: "told from its look", text: "1 2:1 3:1\n0 5:1\n", labels: [1, 0],
            rows: [[2: 1, 3: 1], [5: 1]], width: 6, contentType: nil),
    ]

    @Test(arguments: good) func `rows are read`(_ example: Good) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.data", example.text)
            let channel = try DataChannel.solo(path, example.contentType, labels: 0)
            let records = try channel.loadAll()
            #expect(channel.isSparse)
            #expect(channel.featureCount == example.width)
            #expect(records.labels == example.labels)
            #expect(records.sparseRows == example.rows)
        }
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var contentType = "text/x-libsvm"
        var message: String
    }

    static let bad: [Bad] = [
        Bad(
            testDescription: "word without a colon", text: "1 2:3\n1 4 5:6\n",
            message: "PATH, line 2, column 2: '4' is not INDEX:VALUE"),
        Bad(
            testDescription: "query id", text: "1 qid:3 5:6\n",
            message:
                "PATH, line 1, column 2: 'qid:3' is not INDEX:VALUE: it groups records for ranking, which "
                + "is not read; leave it out"),
        Bad(
            testDescription: "label with a weight", text: "0:1 10:0.1\n", message: weight("0:1", line: 1)),
        Bad(
            testDescription: "negative label with a weight", text: "1 2:3\n-1:2 10:0.1\n",
            message: weight("-1:2", line: 2)),
        Bad(
            testDescription: "label and weight with fractions", text: "1.5:0.2 10:0.1\n",
            message: weight("1.5:0.2", line: 1)),
        Bad(
            testDescription: "a field of a feature", text: "1 2:3:4\n",
            message:
                "PATH, line 1, column 2: '2:3:4' is not INDEX:VALUE: a field of a feature (as in libffm) "
                + "is not read"),
        Bad(
            testDescription: "carriage returns alone", text: "1 2:3\r0 1:2\r",
            message: "PATH, line 1, column 2: '3\\r0' is not a number; if carriage returns alone end the "
                + "lines, save the file with line feeds"),
        Bad(
            testDescription: "negative index", text: "1 -3:1\n",
            message: "PATH, line 1, column 2: '-3:1' is not INDEX:VALUE"),
        Bad(
            testDescription: "text for a value", text: "1 3:abc\n",
            message: "PATH, line 1, column 2: 'abc' is not a number"),
        Bad(
            testDescription: "nan", text: "1 3:1 4:nan\n",
            message: "PATH, line 1, column 3: 'nan' is not a finite number"),
        Bad(
            testDescription: "no value", text: "1 3:\n",
            message: "PATH, line 1, column 2 is empty: a missing value; fill it in or leave the row out"),
        Bad(
            testDescription: "text for a label", text: "yes 3:1\n",
            message: "PATH, line 1, column 1: 'yes' is not a number; write 1 for true and 0 for false"),
        Bad(
            testDescription: "index twice", text: "1 3:1 2:1 3:2\n",
            message: "PATH, line 1: feature index 3 appears twice"),
        Bad(
            testDescription: "index too large", text: "1 2147483647:1\n",
            message: "PATH, line 1, column 2: feature index 2147483647 is beyond the largest, 2147483646"),
        Bad(
            testDescription: "a row without label", text: "1 3:1\n3:1\n", message: weight("3:1", line: 2)),
        Bad(
            testDescription: "a label where there should be none", text: "3:1\n1 3:1\n",
            contentType: "text/libsvm;label_size=0",
            message: "PATH, line 2, column 1: '1' is not INDEX:VALUE: label_size=0 says that rows have no "
                + "label"),
    ]

    private static func weight(_ word: String, line: Int) -> String {
        "PATH, line \(line), column 1: '\(word)' is a label with a weight, or a feature in a row without "
            + "label: weights of records are not read, leave them out; if the rows have no labels, say "
            + "text/libsvm;label_size=0"
    }

    @Test(arguments: bad) func `bad input is named`(_ example: Bad) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.libsvm", example.text)
            let found = message { try DataChannel.solo(path, example.contentType, labels: 0).loadAll() }
            #expect(found == example.message.replacingOccurrences(of: "PATH", with: path))
        }
    }

    @Test func `a narrower channel is widened`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.libsvm", "1 0:1\n")
            let channel = try DataChannel.solo(path, "text/libsvm", width: 10)
            #expect(channel.featureCount == 10)
            #expect(try channel.loadAll().features.columns == 10)
        }
    }
}
