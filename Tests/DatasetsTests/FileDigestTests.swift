import Collectives
import Datasets
import Storage
import Testing

/// What a channel's files held when it was opened.
@Suite struct FileDigestTests {
    private func digests(_ path: String, ranks: Int, _ contentType: String? = nil) throws -> [[FileDigest]] {
        let source = ChannelSource(
            name: "train", path: path, contentType: contentType, defaultLabelCount: 1)
        return try LoopbackWorld.run(size: ranks) {
            try DataChannel.open(source, communicator: $0, takesDigests: true).fileDigests
        }
    }

    @Test(arguments: [1, 2, 3, 5]) func `every rank has the digest of every file's bytes`(_ ranks: Int) throws
    {
        try TemporaryFolder.with { folder in
            let plain = [UInt8]("1,2\n3,4\n".utf8)
            // More than one block, and a line without its end.
            let long = [UInt8](String(repeating: "7,8\n", count: 700_000).utf8) + [UInt8]("9,10".utf8)
            let packed = try GzipBytes.compress(plain)
            let files = [("a.csv", plain), ("b.csv", long), ("c.csv.gz", packed)]
            for (name, bytes) in files { try folder.write(name, bytes) }
            let expected = files.map {
                FileDigest(name: $0.0, byteCount: $0.1.count, sha256: Checksum.sha256($0.1))
            }
            for found in try digests(folder.path, ranks: ranks) { #expect(found == expected) }
        }
    }

    @Test func `a channel of one file has its name, and no digest is taken unasked`() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("rows.libsvm", "1 0:2\n0 3:1\n")
            let found = try digests(path, ranks: 1)[0]
            #expect(found.map(\.name) == ["rows.libsvm"] && found[0].sha256.count == 64)
            let unasked = try DataChannel.solo(path).fileDigests
            #expect(unasked.isEmpty)
        }
    }
}
