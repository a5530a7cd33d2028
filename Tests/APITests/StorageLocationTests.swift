import Diagnostics
import Foundation
import StorageLocations
import Testing

@Suite("Locations of storage")
struct StorageLocationTests {
    @Test func `keep their text`() throws {
        for uri in ["file:///a%20b", "file:///a//", "s3://bucket", "s3://bucket/a/b/"] {
            let location = try StorageLocation(uri, field: "S3Uri")
            #expect(location.uri == uri)
            let json = try JSONEncoder().encode([location])
            #expect(try JSONDecoder().decode([StorageLocation].self, from: json) == [location])
        }
    }

    @Test func `tell bucket and key`() throws {
        let cases = [
            ("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b/k", "b", "k"), ("s3://b/k/l/", "b", "k/l/"),
        ]
        for (uri, bucket, key) in cases {
            let location = try StorageLocation(uri, field: "S3Uri")
            #expect(location.scheme == .s3)
            #expect(try #require(location.object) == (bucket, key))
        }
        #expect(try StorageLocation("file:///a", field: "S3Uri").object == nil)
    }

    @Test func `have names below them`() throws {
        let cases = [
            ("s3://b", "s3://b/", "s3://b/x/y"), ("s3://b/k", "s3://b/k/", "s3://b/k/x/y"),
            ("s3://b/k//", "s3://b/k/", "s3://b/k/x/y"), ("file:///", "file:///", "file:///x/y"),
            ("file:///a/", "file:///a/", "file:///a/x/y"),
            ("file:///a%2Fb", "file:///a%2Fb/", "file:///a/b/x/y"),
            // What is no encoding stays what it is; what would be read as one is written as one.
            ("file:///100%", "file:///100%/", "file:///100%/x/y"),
            ("file:///100%2541", "file:///100%2541/", "file:///100%2541/x/y"),
        ]
        for (uri, folder, below) in cases {
            let location = try StorageLocation(uri, field: "S3Uri")
            #expect(location.asFolder.uri == folder)
            #expect(location.appending("x/y").uri == below)
        }
        #expect(StorageLocation(path: "/a/100%25").uri == "file:///a/100%2525")
    }

    @Test func `name the field of what is none`() throws {
        let cases = [
            ("data", "S3Uri is data, which is not a file:///ABSOLUTE/PATH"),
            ("file://data", "S3Uri is file://data, which is not a file:///ABSOLUTE/PATH"),
            ("s3:///k", "S3Uri is s3:///k, which names no bucket: s3://BUCKET/KEY"),
        ]
        for (uri, message) in cases {
            let error = #expect(throws: LockstepError.self) { try StorageLocation(uri, field: "S3Uri") }
            #expect(error?.message == message)
        }
        let object = try StorageLocation("s3://b/k", field: "S3Uri")
        let error = #expect(throws: LockstepError.self) { try object.path(field: "S3Uri") }
        #expect(error?.message.contains("s3://b/k") == true)
    }
}
