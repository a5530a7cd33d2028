import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Processes
import ProgramContract
import ProgramRunner
import Storage
import Testing

@Suite("Why a file cannot be executed")
struct ExecutableFileTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        /// Of the sentence; empty: no fault.
        var words: String
        var isScript = true

        init(_ name: String, _ text: String, _ words: String, isScript: Bool = true) {
            self.init(name, bytes: Array(text.utf8), words, isScript: isScript)
        }

        init(_ name: String, bytes: [UInt8], _ words: String, isScript: Bool = true) {
            (testDescription, self.bytes, self.words, self.isScript) = (name, bytes, words, isScript)
        }
    }

    /// The head of an ELF file for a machine of that number.
    private static func elf(_ machine: UInt16) -> [UInt8] {
        var head: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 57)
        (head[18], head[19]) = (UInt8(machine & 0xFF), UInt8(machine >> 8))
        return head
    }

    @Test(
        "the file's own fault is named",
        arguments: [
            Case("sound", "#!/bin/sh\necho\n", ""), Case("env", "#!/usr/bin/env sh\n", ""),
            Case("env with words", "#!/usr/bin/env -S A=b sh -e\n", ""), Case("no #!", "echo\n", ""),
            Case("Windows", "#!/bin/bash\r\necho\r\n", "end as on Windows (CR LF)"),
            Case("Windows and env", "#!/usr/bin/env bash\r\n", "end as on Windows (CR LF)"),
            Case("Windows without #!", "echo\r\n", "end as on Windows (CR LF)"),
            Case("Windows, but no script", "echo\r\n", "", isScript: false),
            Case("byte order mark", "\u{FEFF}#!/bin/sh\n", "byte order mark"),
            Case("UTF-16", bytes: [0xFF, 0xFE, 0x23, 0], "UTF-16"), Case("empty", "", "it is empty"),
            Case("no interpreter", "#!/no/such/sh -e\n", "its interpreter /no/such/sh"),
            Case("no interpreter for env", "#!/usr/bin/env no-such-python\n", "interpreter no-such-python"),
            Case(
                "a folder as interpreter", "#!/etc\n",
                "its interpreter /etc, which its first line names, is no"),
            Case("no word", "#!\n", "names no interpreter"),
            Case("another machine", bytes: elf(243), "it is a program for RISC-V"),
            Case("Windows program", "MZ\u{0}", "for Windows"),
        ])
    func faults(_ example: Case) throws {
        try withFolder { folder in
            let path = folder + "/run.sh"
            try AtomicFile.write(example.bytes, to: path)
            let fault = ExecutableFile("run.sh", path: "/run.sh") {
                $0 == "/run.sh" ? path : $0
            }.fault(search: "/usr/bin:/bin", isScript: example.isScript)
            guard !example.words.isEmpty else {
                #expect(fault == nil, "\(String(describing: fault))")
                return
            }
            #expect(fault?.message.contains(example.words) == true, "\(String(describing: fault))")
            #expect(fault?.message.hasPrefix("run.sh ") == true && fault?.code.isUsersToFix == true)
        }
    }

    @Test("folders, and programs of this node")
    func others() {
        let folder = ExecutableFile("code", path: "/etc").fault(search: "", isScript: false)
        #expect(folder?.message == "code is a folder: name the file in it that is to run")
        #expect(ExecutableFile("sh", path: "/bin/sh").fault(search: "", isScript: true) == nil)
        #expect(ExecutableFile("x", path: "/no/such").fault(search: "", isScript: true) == nil)
    }

    @Test("too much for a start is named by size")
    func size() {
        let long = String(repeating: "x", count: 200_000)
        let error = CommandSize(["python3", "t.py", "--a", long], ["SM_HPS": long + "{}", "A": "b"]).error
        #expect(error.code == .configuration)
        #expect(
            error.message.contains("the largest being SM_HPS of 200010 bytes, argument 3 of 200001 bytes, "),
            "\(error)")
        #expect(error.message.contains("131072 bytes for one of them"))
    }

    @Test("a job is told in one attempt what its script suffers from")
    func runner() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let code = bench.folder + "/code"
        try FileSystem.createFolder(code + "/folder")
        let files = [
            "run.sh": "#!/bin/bash\r\necho\r\n", "bare.sh": "echo ran\n", "closed.sh": "#!/bin/sh\n",
            "train.py": "print('ran')\r\n",
        ]
        for (name, text) in files { try AtomicFile.write(Array(text.utf8), to: "\(code)/\(name)") }
        chmod(code + "/run.sh", 0o755)
        chmod(code + "/bare.sh", 0o755)
        func end(_ words: [String], _ hyperparameters: [String: String] = [:]) throws -> RunnerBench.Run {
            try bench.run(
                bench.plan(words) {
                    if words.isEmpty { $0.work.program?.command = nil }
                    $0.hyperparameters = hyperparameters
                })
        }
        let wrong: [(String, String)] = [
            ("run.sh", "/run.sh cannot be executed: its lines end as on Windows"),
            ("bare.sh", "neither a program of this machine nor begins with #!"),
            ("closed.sh", "/closed.sh cannot be executed: it has no execute permission; chmod +x"),
            ("folder", "/folder is a folder"), ("none", "/none cannot be executed: there is no such file"),
        ]
        for (name, words) in wrong {
            let run = try end(["\(code)/\(name)"])
            #expect(
                run.end?.outcome == .notStarted && run.end?.message?.contains(words) == true, "\(run.error)")
        }
        let submit = ["sagemaker_submit_directory": code]
        let script = try end([], submit.merging(["sagemaker_program": "run.sh"]) { $1 })
        #expect(script.end?.outcome == .notStarted)
        #expect(script.end?.message?.hasPrefix("run.sh cannot be executed: its lines end as on") == true)
        for name in ["bare.sh", "train.py"] {
            let sound = try end([], submit.merging(["sagemaker_program": name]) { $1 })
            #expect(sound.output == "ran\n", "\(sound.error)")
        }
        let long = Dictionary(
            uniqueKeysWithValues: (0..<60).map { ("h\($0)", String(repeating: "x", count: 2500)) })
        // Nothing is left out without a word.
        _ = try bench.shell("mkfifo \(code)/pipe; ln -s nowhere \(code)/lost")
        let odd = try end([], submit.merging(["sagemaker_program": "train.py"]) { $1 })
        #expect(odd.output == "ran\n" && odd.error.contains("left out of the code: "), "\(odd.error)")
        #expect(
            odd.error.contains("\(code)/pipe (neither file nor folder)")
                && odd.error.contains("\(code)/lost (a link that leads nowhere)"), "\(odd.error)")
        try AtomicFile.write(Array("{\"cells\": []}\n".utf8), to: "\(code)/cells.ipynb")
        let notebook = try end([], submit.merging(["sagemaker_program": "cells.ipynb"]) { $1 })
        #expect(notebook.end?.outcome == .notStarted)
        #expect(notebook.end?.message?.contains("it is a notebook") == true, "\(notebook.error)")
        let large = try end([], submit.merging(["sagemaker_program": "train.py"]) { $1 }.merging(long) { $1 })
        #expect(large.end?.outcome == .notStarted)
        #expect(large.end?.message?.contains("SM_TRAINING_ENV of ") == true, "\(large.error)")
        #expect(bench.leftovers() == [])
    }

    @Test("of the node's /tmp a program sees what its job names", .enabled(if: RunnerBench.canMount))
    func temporary() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let named = bench.folder + "/named"
        try FileSystem.createFolder(named)
        try AtomicFile.write(Array("mine\n".utf8), to: named + "/file")
        try AtomicFile.write([], to: bench.folder + "/other")
        try AtomicFile.write([], to: "/dev/shm/\(bench.token)")
        defer { unlink("/dev/shm/\(bench.token)") }
        let script = "cat $WHERE/file; ls ${WHERE%/*} | cat; ls /dev/shm | wc -l; echo new > $WHERE/new"
        let plan = bench.plan(["/bin/sh", "-c", script]) { $0.environment = ["WHERE": named] }
        let run = try bench.run(plan)
        #expect(run.output == "mine\nnamed\n0\n", "\(run.output) \(run.error)")
        #expect(bench.text(named + "/new") == "new\n")
        #expect(bench.leftovers() == [])
    }
}
