import Diagnostics
import StorageLocations
import Testing

@Suite("file:// URIs")
struct FileURITests {
    struct Case: Sendable, CustomTestStringConvertible {
        let uri: String
        let path: String
        /// What exists; everything else does not.
        var existing: Set<String> = []
        var testDescription: String { "\(uri) with \(existing.sorted())" }
    }

    @Test(
        "are read decoded, and as written where only that exists",
        arguments: [
            Case(uri: "file:///a/b", path: "/a/b"), Case(uri: "file:///a/b///", path: "/a/b"),
            Case(uri: "file:///", path: "/"), Case(uri: "file:///a%20b", path: "/a b"),
            Case(uri: "file:///a b", path: "/a b"), Case(uri: "file:///donn%C3%A9es", path: "/données"),
            Case(uri: "file:///données", path: "/données"),
            Case(uri: "file:///100%25/25", path: "/100%/25"), Case(uri: "file:///100%/25", path: "/100%/25"),
            Case(uri: "file:///50%2", path: "/50%2"), Case(uri: "file:///a%2Fb", path: "/a/b"),
            Case(uri: "file:///a%20b", path: "/a%20b", existing: ["/a%20b"]),
            Case(uri: "file:///a%20b", path: "/a b", existing: ["/a%20b", "/a b"]),
            // A mark that is no encoding makes the whole a plain path.
            Case(uri: "file:///100%/a%20b", path: "/100%/a%20b"),
            Case(uri: "file:///caf%E9", path: "/caf%E9"), Case(uri: "file:///a%00b", path: "/a%00b"),
            Case(uri: "file://localhost/a%20b", path: "/a b"), Case(uri: "file:/a%20b", path: "/a b"),
            Case(uri: "file:///what?a#b", path: "/what?a#b"),
            Case(uri: "FILE:///a%20b", path: "/a b"), Case(uri: "File://LocalHost/A", path: "/A"),
        ])
    func reads(_ example: Case) throws {
        let uri = try FileURI(example.uri, field: "S3Uri")
        #expect(uri.path { example.existing.contains($0) } == example.path)
    }

    @Test("of a path lead back to it", arguments: ["/a b", "/100%/25", "/a%20b", "/100%25", "/é%"])
    func encoded(_ path: String) throws {
        #expect(try FileURI(FileURI.encoded(path), field: "S3Uri").path { _ in false } == path)
    }

    @Test(
        "of other kinds are refused",
        arguments: ["s3://b/c", "file://host/a", "file:a", "/a", "http://a", "", "file:///a\0b"])
    func refused(_ uri: String) {
        let error = #expect(throws: LockstepError.self) { try FileURI(uri, field: "S3OutputPath") }
        #expect(error?.code == .configuration && error?.description.contains("S3OutputPath") == true)
    }
}
