import Datasets
import Foundation
import Tensors
import Testing

@Suite struct CSVReadingTests {
    struct Good: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var contentType = "text/csv"
        var labels: [Float]
        var rows: [[Float]]
        var allowsMissing = false
    }

    static let good: [Good] = [
        Good(
            testDescription: "label first", text: "1,2,3\n4,5,6\n", labels: [1, 4], rows: [[2, 3], [5, 6]]),
        Good(
            testDescription: "no line feed at the end", text: "1,2\n3,4", labels: [1, 3], rows: [[2], [4]]),
        Good(
            testDescription: "carriage returns", text: "1,2\r\n3,4\r\n\r\n", labels: [1, 3], rows: [[2], [4]]
        ),
        Good(
            testDescription: "blank lines", text: "\n1,2\n\n \t\n3,4\n\n", labels: [1, 3], rows: [[2], [4]]),
        Good(
            testDescription: "byte order mark", text: "\u{FEFF}1,2\n3,4\n", labels: [1, 3], rows: [[2], [4]]),
        Good(
            testDescription: "byte order mark and header", text: "\u{FEFF}y,x\n3,4\n", labels: [3],
            rows: [[4]]),
        Good(
            testDescription: "header by itself", text: "y,\"x, of\n things\"\n1,2\n3,4\n", labels: [1, 3],
            rows: [[2], [4]]),
        Good(
            testDescription: "numeric header asked for", text: "0,1\n1,2\n",
            contentType: "text/csv;header=present", labels: [1], rows: [[2]]),
        Good(
            testDescription: "quoted numbers", text: "\"1\",\"2.5\"\n3 , \" 4\"\n", labels: [1, 3],
            rows: [[2.5], [4]]),
        Good(
            testDescription: "signs, exponents and points", text: "-1,+2,.5,5.,1e3,1E-2,-0\n", labels: [-1],
            rows: [[2, 0.5, 5, 1000, 0.01, 0]]),
        Good(
            testDescription: "no label", text: "1,2\n3,4\n", contentType: "text/csv; label_size=0",
            labels: [], rows: [[1, 2], [3, 4]]),
        Good(
            testDescription: "tabs", text: "1\t2\n3\t4\n", contentType: "text/csv;delimiter=tab",
            labels: [1, 3], rows: [[2], [4]]),
        Good(
            testDescription: "one column without label", text: "1\n2\n\n",
            contentType: "text/csv;label_size=0",
            labels: [], rows: [[1], [2]]),
    ]

    @Test(arguments: good) func `rows are read`(_ example: Good) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", example.text)
            let records = try DataChannel.solo(path, example.contentType).loadAll()
            #expect(records.labels == example.labels)
            #expect(records.denseRows == example.rows)
        }
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var contentType = "text/csv"
        /// `PATH` stands for the file's path.
        var message: String
    }

    static let bad: [Bad] = [
        Bad(
            testDescription: "text", text: "1,2\n3,4\n5,abc\n",
            message: "PATH, line 3, column 2: 'abc' is not a number"),
        Bad(
            testDescription: "text after a number", text: "1,2x\n",
            message: "PATH, line 1, column 2: '2x' is not a number"),
        Bad(
            testDescription: "text in the label", text: "1,2\n\nyes,4\n",
            message: "PATH, line 3, column 1: 'yes' is not a number"),
        Bad(
            testDescription: "empty field", text: "1,2\n3,\n",
            message: "PATH, line 2, column 2 is empty: a missing value; fill it in or leave the row out"),
        Bad(
            testDescription: "nan", text: "1,2\n3,NaN\n",
            message: "PATH, line 2, column 2: 'NaN' is not a finite number"),
        Bad(
            testDescription: "infinity", text: "1,-inf\n3,2\n",
            message: "PATH, line 1, column 2: '-inf' is not a finite number"),
        Bad(
            testDescription: "beyond a float", text: "1,1e39\n",
            message: "PATH, line 1, column 2: '1e39' is beyond the range of a 32-bit float"),
        Bad(
            testDescription: "ragged row", text: "1,2,3\n1,2\n",
            message: "PATH, line 2: 2 columns found where 3 are expected, as in line 1"),
        Bad(
            testDescription: "open quote", text: "1,2\n1,\"2\n",
            message: "PATH, line 2: a quote is opened and not closed"),
        Bad(testDescription: "empty file", text: "", message: "channel 'train': PATH holds no records"),
        Bad(
            testDescription: "blank file", text: "\n\n", message: "channel 'train': PATH holds no records"),
        Bad(
            testDescription: "only a label", text: "1\n2\n",
            message: "PATH, line 1: a row has a label but no feature; is it text/csv;label_size=0, "
                + "or another delimiter?"),
        Bad(
            testDescription: "wrong value in the first row", text: "1,a\n1,2\n",
            message: "PATH, line 1, column 2: 'a' is not a number"),
        Bad(
            testDescription: "text column below a header", text: "y,x,sea\n1,2,NEAR BAY\n",
            message: "PATH, line 2, column 3: 'NEAR BAY' is not a number"),
        Bad(
            testDescription: "tabs", text: "1\t2\n3\t4\n", contentType: "text/csv;label_size=0",
            message: "PATH, line 1, column 1: '1\\t2' is not a number; if tabs divide the columns, say "
                + "delimiter=tab"),
        Bad(
            testDescription: "header refused", text: "y,x\n1,2\n", contentType: "text/csv;header=absent",
            message: "PATH, line 1, column 1: 'y' is not a number"),
    ]

    @Test(arguments: bad) func `bad input is named`(_ example: Bad) throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", example.text)
            let found = message { try DataChannel.solo(path, example.contentType).loadAll() }
            #expect(found == example.message.replacingOccurrences(of: "PATH", with: path))
        }
    }
}
