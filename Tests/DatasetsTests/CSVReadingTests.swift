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
            message: "PATH, line 3, column 1: 'yes' is not a number; write 1 for true and 0 for false"),
        Bad(
            testDescription: "empty field", text: "1,2\n3,\n",
            message: "PATH, line 2, column 2 is empty: a missing value; fill it in or leave the row out; "
                + "if every row ends in a delimiter, remove it"),
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
            testDescription: "row numbers without a name", text: ",label,x1\n0,0,-0.8\n1,0,0.4\n",
            message: "PATH, line 1, column 1 has no name: it holds the numbers of the rows, as pandas writes "
                + "them without index=False; leave the column out, or give it a name"),
        Bad(
            testDescription: "row numbers read back and written again",
            text: "label,Unnamed: 0,x1\n0,0,-0.8\n1,1,0.4\n", contentType: "text/csv;header=present",
            message: "PATH, line 1, column 2 is named 'Unnamed: 0': it holds the numbers of the rows, as "
                + "pandas writes them without index=False; leave the column out, or give it a name"),
        Bad(
            testDescription: "row numbers and column numbers", text: "\n,0,1\n0,0,-0.8\n1,0,0.4\n",
            message: "PATH, line 2, column 1 has no name: it holds the numbers of the rows, as pandas writes "
                + "them without index=False; leave the column out, or give it a name"),
        Bad(
            testDescription: "column numbers", text: "0,1,2\n0,-0.8,-0.2\n0,0.4,0.3\n",
            message: "PATH, line 1: '0,1,2' is nothing but the numbers of the columns, as pandas writes them "
                + "for columns without names; say header=present in the content type to pass over it, or "
                + "header=absent if it is a record"),
        Bad(
            testDescription: "booleans", text: "label,x1,red\n0,-0.8,False\n0,0.4,True\n",
            message: "PATH, line 2, column 3: 'False' is not a number; write 1 for true and 0 for false"),
        Bad(
            testDescription: "booleans and missing values are no names", text: "True,NA\n1,2\n",
            message: "PATH, line 1, column 1: 'True' is not a number; write 1 for true and 0 for false"),
        Bad(
            testDescription: "thousands", text: "\"label\",\"income\"\n\"1\",\"1,234.5\"\n",
            message: "PATH, line 2, column 2: '1,234.5' is not a number; write the number without thousands "
                + "separators, and a point before the fraction"),
        Bad(
            testDescription: "decimal commas", text: "1;2,5\n", contentType: "text/csv;delimiter=semicolon",
            message: "PATH, line 1, column 2: '2,5' is not a number; write a point before the fraction"),
        Bad(
            testDescription: "semicolons", text: "1;2\n3;4\n", contentType: "text/csv;label_size=0",
            message: "PATH, line 1, column 1: '1;2' is not a number; if semicolons divide the columns, say "
                + "delimiter=semicolon"),
        Bad(
            testDescription: "currency", text: "1,$5.20\n",
            message: "PATH, line 1, column 2: '$5.20' is not a number; write the number alone, without its "
                + "unit"),
        Bad(
            testDescription: "date", text: "1,2024-01-31\n",
            message: "PATH, line 1, column 2: '2024-01-31' is not a number; turn dates and times into numbers"
        ),
        Bad(
            testDescription: "NA", text: "1,2\n3,NA\n",
            message:
                "PATH, line 2, column 2: 'NA' is not a number; it stands for a missing value; fill it in "
                + "or leave the row out"),
        Bad(
            testDescription: "carriage returns alone", text: "y,x\r1,2\r3,4\r",
            message: "PATH, line 1: carriage returns alone end its lines; save it with line feeds"),
        Bad(
            testDescription: "UTF-16 without a mark", text: "1\0,\u{0}2\0\n\0",
            message: "PATH begins with zero bytes and is no text (UTF-16?); save it as UTF-8"),
        Bad(
            testDescription: "Parquet", text: "PAR1\u{15}\u{4}",
            message: "PATH is a Parquet file and no text; write it as CSV"),
        Bad(
            testDescription: "libsvm", text: "1 0:2\n0 1:3\n", contentType: "text/csv;label_size=0",
            message: "PATH, line 1, column 1: '1 0:2' is not a number; if the rows are libsvm, say "
                + "text/libsvm"),
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

    @Test func `a record that looks like column numbers is one when the content type says so`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("a.csv", "0,1,2\n3,4,5\n")
            let absent = try DataChannel.solo(path, "text/csv;header=absent")
            #expect(try absent.loadAll().labels == [0, 3])
            let present = try DataChannel.solo(path, "text/csv;header=present")
            #expect(try present.loadAll().labels == [3])
        }
    }

    @Test func `a first column that counts the rows is remarked on`() throws {
        try TemporaryFolder.with { folder in
            let rows = (0..<30).map { "\($0),0.5\n" }.joined()
            let path = try folder.write("a.csv", rows)
            #expect(
                try DataChannel.solo(path, "text/csv").remarks == [
                    "the first column counts the rows of \(path) from 0; if it is no label, leave it out"
                ])
            let other = try folder.write("b.csv", rows + "0,1\n" + rows)
            #expect(try DataChannel.solo(other, "text/csv").remarks.count == 1)
            let plain = try folder.write("c.csv", "0,1\n" + rows)
            #expect(try DataChannel.solo(plain, "text/csv").remarks.isEmpty)
        }
    }

    struct Pair: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var first: String
        var second: String
        /// `nil`: both are read.
        var message: String?
    }

    static let pairs: [Pair] = [
        Pair(testDescription: "the same header", first: "y,x\n1,2\n", second: "y,x\n3,4\n"),
        Pair(testDescription: "the same names, quoted", first: "y,x\n1,2\n", second: "\"y\", x\r\n3,4\n"),
        Pair(testDescription: "a header in the first only", first: "y,x\n1,2\n", second: "3,4\n"),
        Pair(
            testDescription: "another order", first: "y,x\n1,2\n", second: "x,y\n3,4\n",
            message: "DIR/b, line 1, column 1 has 'x' where the header of DIR/a has 'y'; give all files the "
                + "same columns in the same order"),
        Pair(
            testDescription: "a name more", first: "y,x\n1,2\n", second: "y,x,z\n3,4,5\n",
            message: "DIR/b, line 1, column 3 has 'z' where the header of DIR/a has no name; give all files "
                + "the same columns in the same order"),
        Pair(
            testDescription: "a header in the second only", first: "1,2\n", second: "y,x\n3,4\n",
            message: "DIR/b, line 1 names the columns, and DIR/a has no such row; give all files the same "
                + "header, or none"),
    ]

    @Test(arguments: pairs) func `headers of several files agree`(_ pair: Pair) throws {
        try TemporaryFolder.with { folder in
            try folder.write("a", pair.first)
            try folder.write("b", pair.second)
            let found = message { try DataChannel.solo(folder.path, "text/csv").loadAll() }
            let wanted = pair.message ?? "(no error)"
            #expect(found == wanted.replacingOccurrences(of: "DIR", with: folder.path))
        }
    }
}
