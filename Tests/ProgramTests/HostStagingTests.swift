import Foundation
import Glibc
import ProgramContract
import Storage
import Testing

import ProgramRunner

/// What a host brings to shared storage of all that a program may leave: docs/internals/programs.md.
@Suite("What a host leaves")
struct HostStagingTests {
    /// A tree, a checkpoint folder and a channel, and what they are to the program.
    private struct Bed {
        let folder: String
        var tree: String { folder + "/tree" }
        let plan: ProgramPlan

        init(_ folder: String) throws {
            self.folder = folder
            var plan = RunnerPartsTests.plan()
            plan.folder = folder + "/attempt"
            self.plan = plan
            for name in ["tree/model", "tree/output/data", "tree/input/data/train", "checkpoints", "channel"]
            {
                try FileSystem.createFolder("\(folder)/\(name)")
            }
            try write("channel/part.csv", "rows")
            try write("checkpoints/best", "better")
            try write("secret", "of the daemon")
        }

        func write(_ path: String, _ text: String) throws {
            try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(path)")
        }

        func link(_ name: String, to goal: String) { symlink(goal, "\(tree)/model/\(name)") }

        func collect(_ outcome: ProgramReport.Outcome = .completed, linkedMax: Int = HostStaging.linkedMax)
            throws -> [String]
        {
            let view = ProgramView(
                base: "/opt/ml",
                roots: [
                    .init("/opt/ml", [tree]), .init("/opt/ml/checkpoints", [folder + "/checkpoints"]),
                    .init("/opt/ml/input/data/train", [tree + "/input/data/train", folder + "/channel"]),
                ])
            var staging = HostStaging(plan: plan, rank: 0, base: tree, view: view, linkedMax: linkedMax)
            return try staging.collect(outcome)
        }

        /// Text of a file that was saved; `nil` when there is none or it is no plain file.
        func saved(_ name: String) throws -> String? {
            let path = "\(plan.staging(0))/\(name)"
            guard FileTree.kind(path) == .file else { return nil }
            return String(decoding: try AtomicFile.read(path), as: UTF8.self)
        }
    }

    @Test("links become what they lead to, as the program saw it")
    func links() throws {
        try withFolder { folder in
            let bed = try Bed(folder)
            try bed.write("tree/model/a", "weights")
            try FileSystem.createFolder(bed.tree + "/model/sub/empty")
            try bed.write("tree/model/sub/b", "more")
            bed.link("absolute", to: "/opt/ml/model/a")
            bed.link("relative", to: "sub/../a")
            bed.link("chain", to: "relative")
            bed.link("best", to: "/opt/ml/checkpoints/best")
            bed.link("row", to: "../input/data/train/part.csv")
            bed.link("folder", to: "/opt/ml/model/sub")
            #expect(Glibc.link(bed.tree + "/model/a", bed.tree + "/model/hard") == 0)
            #expect(try bed.collect() == [])
            for name in ["a", "absolute", "relative", "chain", "hard"] {
                #expect(try bed.saved("model/" + name) == "weights", "\(name)")
            }
            #expect(try bed.saved("model/best") == "better")
            #expect(try bed.saved("model/row") == "rows")
            #expect(try bed.saved("model/folder/b") == "more")
            #expect(FileTree.kind(bed.plan.staging(0) + "/model/folder/empty") == .folder)
        }
    }

    struct Bad: CustomTestStringConvertible {
        var goal: String
        var sentence: String
        var testDescription: String { goal }
    }

    @Test(
        "what leads nowhere is named",
        arguments: [
            Bad(goal: "none", sentence: "model/bad is a link to /opt/ml/model/none, which is not there"),
            Bad(goal: "/etc/passwd", sentence: "model/bad is a link to /etc, outside of what the job may"),
            Bad(goal: "../../../etc", sentence: "outside of what the job may read"),
            Bad(goal: "/opt", sentence: "outside of what the job may read"),
            Bad(goal: "bad", sentence: "model/bad is a link that leads around in a circle"),
            Bad(goal: "..", sentence: "model/bad/model is a link to a folder around it"),
            Bad(goal: "pipe", sentence: "model/bad is a link to /opt/ml/model/pipe, which is no file"),
        ])
    func badLinks(_ bad: Bad) throws {
        try withFolder { folder in
            let bed = try Bed(folder)
            try bed.write("tree/model/a", "weights")
            mkfifo(bed.tree + "/model/pipe", 0o600)
            bed.link("bad", to: bad.goal)
            let problems = try bed.collect()
            #expect(problems.contains { $0.contains(bad.sentence) }, "\(problems)")
            #expect(problems.contains("model/pipe is a FIFO"), "\(problems)")
            #expect(try bed.saved("model/a") == "weights")
        }
    }

    @Test("a link bomb ends")
    func bomb() throws {
        try withFolder { folder in
            let bed = try Bed(folder)
            for level in 0..<20 {
                try FileSystem.createFolder("\(bed.tree)/output/data/\(level)")
                for name in ["x", "y"] {
                    symlink("../\(level + 1)", "\(bed.tree)/output/data/\(level)/\(name)")
                }
            }
            try FileSystem.createFolder("\(bed.tree)/output/data/20")
            let problems = try bed.collect(.failed, linkedMax: 500)
            #expect(problems.count == 1 && problems[0].contains("more than 500 files"), "\(problems)")
        }
    }

    @Test("names are bytes, modes do not matter, holes stay, and the tree can be removed")
    func namesAndModes() throws {
        try withFolder { folder in
            let bed = try Bed(folder)
            let names = [
                [0x63, 0xE9], Array("文 件😀".utf8), Array("new\nline".utf8), Array("back\\slash".utf8),
                [UInt8](repeating: 0x6E, count: 255), [0xFF] + [UInt8](repeating: 0x6E, count: 200),
            ].map { FileName($0) }
            let model = try OpenFolder(bed.tree + "/model")
            for name in names {
                let file = try model.open(name, O_WRONLY | O_CREAT, mode: 0)
                #expect(ftruncate(file, 8 << 20) == 0 && pwrite(file, "end", 3, 4 << 20) == 3)
                close(file)
            }
            let closed = try model.makeFolder(FileName([0xE9]))
            _ = try closed.makeFolder(FileName("empty"))
            chmod(bed.tree + "/model", 0)
            #expect(fchmod(closed.descriptor, 0) == 0)
            #expect(try bed.collect() == [])
            let saved = try OpenFolder(bed.plan.staging(0) + "/model")
            #expect(try Set(saved.names()) == Set(names + [FileName([0xE9])]))
            for name in names {
                let status = try #require(try saved.status(of: name))
                #expect(status.st_size == 8 << 20 && status.st_blocks * 512 < 4 << 20)
            }
            #expect(fchmod(closed.descriptor, 0) == 0)
            try FileSystem.remove(bed.tree, evenLocked: true)
            #expect(FileTree.kind(bed.tree) == nil)
        }
    }

    @Test("a tree deeper than there are descriptors is refused by name, and removed")
    func depth() throws {
        try withFolder { folder in
            let bed = try Bed(folder)
            var deep = try OpenFolder(bed.tree + "/model")
            for _ in 0..<1500 { deep = try deep.makeFolder(FileName("deeper")) }
            let problems = try bed.collect()
            #expect(problems.count == 1 && problems[0].contains("lies in more than 128 folders"))
            try FileSystem.remove(bed.tree, evenLocked: true)
            #expect(FileTree.kind(bed.tree) == nil)
        }
    }

    @Test("hosts' files are packed for GNU tar and Python alike")
    func archive() throws {
        try withFolder { folder in
            let bed = try Bed(folder)
            let names = [
                [0x63, 0xE9], [0xFF] + [UInt8](repeating: 0x6E, count: 200), Array("new\nline".utf8),
                Array(String(repeating: "é", count: 100).utf8),
            ].map { FileName($0) }
            let model = try OpenFolder(bed.tree + "/model")
            let sub = try model.makeFolder(FileName([0xE9] + [UInt8](repeating: 0x64, count: 120)))
            for name in names {
                for place in [model, sub] { close(try place.open(name, O_WRONLY | O_CREAT, mode: 0o600)) }
            }
            #expect(try bed.collect() == [])
            try ProgramCollection.merge(bed.plan)
            let archive = folder + "/model.tar.gz"
            try ProgramCollection.pack(bed.plan, modelArtifact: archive, outputArtifact: folder + "/none")
            let script = """
                import os, subprocess, sys, tarfile
                folder, archive = map(os.fsencode, sys.argv[1:])
                def names(root):
                    found = []
                    for base, folders, files in os.walk(root):
                        found += [os.path.relpath(os.path.join(base, n), root) for n in folders + files]
                    return sorted(found)
                os.mkdir(folder + b'/gnu'); os.mkdir(folder + b'/python')
                subprocess.run(['tar', '-xzf', archive, '-C', folder + b'/gnu'], check=True)
                with tarfile.open(os.fsdecode(archive)) as tar:
                    for member in tar: tar.extract(member, os.fsdecode(folder) + '/python')
                expected = names(folder + b'/tree/model')
                assert len(expected) == 9, expected
                assert names(folder + b'/gnu') == expected, names(folder + b'/gnu')
                assert names(folder + b'/python') == expected, names(folder + b'/python')
                """
            let output = folder + "/said"
            let pid = try PythonRun.start(
                ["python3", "-c", script, folder, archive], environment: ["PYTHONUTF8": "1"], output: output)
            let run = try PythonRun.wait(pid, output: output)
            #expect(run.status == 0, "\(run.output)")
        }
    }

    @Test("names are printed so that they can be read")
    func printing() {
        #expect(FileName([0x63, 0xE9]).printable == "c\\xE9")
        #expect(FileName("new\nline").printable == "new\\x0Aline")
        #expect(FileName("文件").printable == "文件")
    }
}
