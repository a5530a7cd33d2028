import Collectives
import Datasets
import Diagnostics
import Foundation
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What a channel's path stands for: all files below it, in a defined order, and nothing left out unsaid.
@Suite struct ChannelFolderTests {
    private func labels(_ path: String) throws -> [Float] {
        try DataChannel.solo(path, "text/csv").loadAll().labels
    }

    @Test func `files of sub-folders at any depth are read in the order of their keys`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("b/part-0.csv", "3,0\n")
            try folder.write("b/deeper/still/part-0.csv", "2,0\n")
            try folder.write("b-first.csv", "1,0\n")
            try folder.write("year=2024/month=01/part-0.csv", "5,0\n")
            try folder.write("c.csv", "4,0\n")
            try folder.write("empty/.keep", "")
            #expect(try labels(folder.path) == [1, 2, 3, 4, 5])
            #expect(try labels(folder.path + "/") == [1, 2, 3, 4, 5])
            let ranks = try LoopbackWorld.run(size: 3) { communicator in
                try DataChannel.open(
                    ChannelSource(name: "train", path: folder.path, defaultLabelCount: 1),
                    communicator: communicator
                ).loadAll().labels
            }
            #expect(ranks == [[Float]](repeating: [1, 2, 3, 4, 5], count: 3))
        }
    }

    @Test func `what is left out for its name is said, empty markers are not`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a.csv", "1,0\n")
            try folder.write("_SUCCESS", "")
            try folder.write("_temporary/0/part-0.csv", "7,0\n")
            try folder.write("sub/.a.csv.crc", "crc")
            let channel = try DataChannel.solo(folder.path, "text/csv")
            #expect(try channel.loadAll().labels == [1])
            let remark = try #require(channel.remarks.first)
            #expect(remark.contains(": 2, "))
            #expect(remark.contains("\(folder.path)/_temporary"))
            #expect(remark.contains("\(folder.path)/sub/.a.csv.crc"))
        }
    }

    @Test func `a prefix stands for what begins with it where nothing has that name`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("part-1.csv", "2,0\n")
            try folder.write("part-0/x.csv", "1,0\n")
            try folder.write("other.csv", "9,0\n")
            #expect(try labels(folder.path + "/part-") == [1, 2])
            // A word without a mark at its end is a misspelling sooner than a prefix.
            let missing = message { try labels(folder.path + "/part") }
            #expect(missing == "channel 'train': there is nothing at \(folder.path)/part")
        }
    }

    @Test func `links to files and folders are followed, loops are named`() throws {
        try TemporaryFolder.with { folder in
            let elsewhere = try folder.write("elsewhere/x.csv", "1,0\n")
            try folder.write("data/a.csv", "2,0\n")
            symlink(elsewhere, folder.path + "/data/link.csv")
            symlink(folder.path + "/elsewhere", folder.path + "/data/z")
            #expect(try labels(folder.path + "/data") == [2, 1, 1])
            symlink("..", folder.path + "/data/loop")
            let found = message { try labels(folder.path + "/data") }
            #expect(found.contains("data is a link to a folder above it"), "\(found)")
        }
    }

    struct Odd: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var message: String
        /// Puts something odd into the folder.
        var make: @Sendable (String) -> Void
    }

    static let odd: [Odd] = [
        Odd(
            testDescription: "a named pipe",
            message: "DIR/sub/x is a named pipe, and a channel reads files; take it out"
        ) { mkfifo($0 + "/sub/x", 0o600) },
        Odd(
            testDescription: "a socket",
            message: "DIR/sub/x is a socket, and a channel reads files; take it out"
        ) { mknod($0 + "/sub/x", S_IFSOCK | 0o600, 0) },
        Odd(
            testDescription: "a device",
            message: "DIR/sub/x is a device, and a channel reads files; take it out"
        ) { symlink("/dev/zero", $0 + "/sub/x") },
        Odd(
            testDescription: "a dangling link",
            message: "DIR/sub/x is a link that leads nowhere (there is nothing at /none/y)"
        ) { symlink("/none/y", $0 + "/sub/x") },
        Odd(
            testDescription: "a name that is no UTF-8",
            message: "the name of DIR/sub/caf\\xE9\\u{1B}.csv is no UTF-8; rename the file"
        ) { folder in
            let name = Array(folder.utf8) + Array("/sub/caf".utf8) + [0xE9, 0x1B] + Array(".csv\0".utf8)
            name.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { bytes in
                if let start = bytes.baseAddress { close(creat(start, 0o600)) }
            }
        },
    ]

    @Test(arguments: odd) func `what is no file is named and not waited for`(_ odd: Odd) throws {
        try TemporaryFolder.with { folder in
            try folder.write("sub/a.csv", "1,0\n")
            odd.make(folder.path)
            let found = message { try labels(folder.path) }
            let wanted = odd.message.replacingOccurrences(of: "DIR", with: folder.path)
            #expect(found == "channel 'train': " + wanted)
        }
    }

    @Test func `a channel is no pipe or device`() throws {
        let device = message { try labels("/dev/zero") }
        #expect(device == "channel 'train': /dev/zero is a device; name a file or a folder")
        try TemporaryFolder.with { folder in
            mkfifo(folder.path + "/x", 0o600)
            let found = message { try labels(folder.path + "/x") }
            #expect(found == "channel 'train': \(folder.path)/x is a named pipe; name a file or a folder")
            symlink("/none", folder.path + "/y")
            #expect(message { try labels(folder.path + "/y") }.hasSuffix("/y is a link that leads nowhere"))
        }
    }

    @Test func `control characters in names are printed as escapes`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("a\n\u{1B}[31mred\u{202E}.csv", "1,x\n")
            let found = message { try labels(folder.path) }
            let name = "\(folder.path)/a\\n\\u{1B}[31mred\\u{202E}.csv"
            #expect(found.hasPrefix("\(name), line 1, column 2"), "\(found)")
        }
    }
}
