import Diagnostics
import Foundation
import Glibc
import Storage
import Testing

import ProgramRunner

@Suite("What a channel holds")
struct ChannelFilesTests {
    private func make(_ files: [String], in folder: String) throws {
        for file in files {
            try FileSystem.createFolder(FileSystem.parent(of: "\(folder)/\(file)") ?? folder)
            try AtomicFile.write(Array(file.utf8), to: "\(folder)/\(file)")
        }
    }

    private func names(_ files: ChannelFiles) -> [String] { files.files.map(\.name.printable) }

    @Test("files are dealt out to the hosts in byte order of their keys")
    func sharding() throws {
        try withFolder { folder in
            try make(["b", "a/z", "a.csv", "d/e/x", "B", "é"], in: folder)
            _ = "\(folder)/n".withCString { path in
                (Array(path.utf8CStringBytes) + [-23, 0]).withUnsafeBufferPointer { bytes in
                    bytes.baseAddress.map { close(open($0, O_WRONLY | O_CREAT, 0o644)) }
                }
            }
            let all = try ChannelFiles(below: folder, field: "c")
            #expect(names(all) == ["B", "a.csv", "a/z", "b", "d/e/x", "n\\xE9", "é"])
            #expect(all.folders.map(\.printable) == ["a", "d", "d/e"])
            #expect(all.byteCount == 17)
            var share = all
            share.keepShare(rank: 1, hosts: 3)
            #expect(names(share) == ["a.csv", "d/e/x"])
            #expect(share.folders.map(\.printable) == ["d", "d/e"])
            share.keepShare(rank: 6, hosts: 7)
            #expect(share.files.isEmpty && share.folders.isEmpty)
        }
    }

    @Test("a prefix need not end at a name")
    func prefix() throws {
        try withFolder { folder in
            try make(["part-1", "part-2/x", "part", "apart-1"], in: folder)
            let part = try ChannelFiles(below: folder, startingWith: FileName("part-"), field: "c")
            #expect(names(part) == ["part-1", "part-2/x"])
        }
    }

    @Test("links inside are what they lead to; others are refused by name")
    func links() throws {
        try withFolder { folder in
            try make(["data/a", "data/sub/b", "secret"], in: folder)
            symlink("../a", folder + "/data/sub/up")
            symlink("sub", folder + "/data/also")
            symlink("data", folder + "/way")
            let all = try ChannelFiles(below: folder + "/way", field: "c")
            #expect(names(all) == ["a", "also/b", "also/up", "sub/b", "sub/up"])
            for (goal, words) in [
                ("../secret", "/data/x is a link to "), ("/etc/passwd", "outside of the channel"),
                ("nothing", "/data/x is a link that leads nowhere"),
                (".", "is a link to a folder that holds it"),
                ("x", "leads nowhere"),
            ] {
                symlink(goal, folder + "/data/x")
                let error = #expect(throws: LockstepError.self) {
                    _ = try ChannelFiles(below: folder + "/data", field: "channel train")
                }
                #expect(error?.message.contains(words) == true, "\(String(describing: error))")
                #expect(error?.message.hasPrefix("channel train: ") == true && error?.code == .data)
                unlink(folder + "/data/x")
            }
            mkfifo(folder + "/data/fifo", 0o644)
            let error = #expect(throws: LockstepError.self) {
                _ = try ChannelFiles(below: folder + "/data", field: "c")
            }
            #expect(error?.message.contains("/data/fifo is neither file nor folder") == true)
        }
    }
}

extension UnsafePointer<CChar> {
    /// The bytes of a C string, without the zero.
    fileprivate var utf8CStringBytes: [CChar] { Array(UnsafeBufferPointer(start: self, count: strlen(self))) }
}
