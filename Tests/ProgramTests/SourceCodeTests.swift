import Diagnostics
import Foundation
import Glibc
import ProgramContract
import Storage
import Testing

/// Code as people pack and name it.
@Suite("The code of a script")
struct SourceCodeTests {
    private func launcher(_ program: String, _ location: String, base: String = "/opt/ml") throws
        -> ScriptLauncher
    {
        let hyperparameters = ["sagemaker_program": program, "sagemaker_submit_directory": location]
        return try ScriptLauncher(ScriptLauncherTests.plan(hyperparameters), rank: 0, base: base, cores: 1)
    }

    private func python(_ script: String, in folder: String) throws {
        let log = folder + "/python.txt"
        let run = try PythonRun.wait(
            try PythonRun.start(
                ["python3", "-c", script], environment: [:], directory: folder, output: log),
            output: log)
        guard run.status == 0 else { throw LockstepError(.bug, run.output) }
    }

    @Test("an entry point has any name that a file can have", arguments: [false, true])
    func names(isArchive: Bool) throws {
        try withFolder { folder in
            let source = folder + "/source"
            try FileSystem.createFolder(source + "/a folder/deep")
            let scripts = [
                "train.py", "my train.py", "entraînement.py", "train-v1.2.py", "a folder/deep/t$x'.py",
            ]
            for name in scripts {
                try AtomicFile.write(Array("print('ran')\n".utf8), to: "\(source)/\(name)")
            }
            for name in ["run it.sh", "plain", "a folder/é.sh"] {
                try AtomicFile.write(Array("#!/bin/sh\necho ran\n".utf8), to: "\(source)/\(name)")
            }
            if isArchive {
                try python(
                    "import tarfile\nwith tarfile.open('c.tar.gz', 'w:gz') as tar: tar.add('source', '.')",
                    in: folder)
            }
            let location = isArchive ? folder + "/c.tar.gz" : source
            let more = [
                "./train.py", ".//a folder/./deep/t$x'.py", "./run it.sh", "run it.sh", "plain",
                "a folder/é.sh",
            ]
            for (index, name) in (scripts + more).enumerated() {
                let base = "\(folder)/ml\(index)"
                let launcher = try launcher(name, location, base: base)
                let run = try ScriptLauncherTests.run(launcher, base: base, output: folder + "/log")
                #expect(run.output == "ran\n" && run.status == 0, "\(name)")
            }
        }
    }

    /// Archives with one fault each, made by Python because tar(1) will not.
    private static let makeArchives = """
        import io, os, tarfile
        def make(name, *entries, mode='w:gz', format=tarfile.PAX_FORMAT):
            with tarfile.open(name, mode, format=format) as tar:
                for entry in (('t.py', 'print(1)'),) + entries:
                    info = tarfile.TarInfo(entry[0])
                    if len(entry) == 3:
                        info.type, info.linkname = entry[1], entry[2]
                        tar.addfile(info)
                    else:
                        info.size = len(entry[1])
                        tar.addfile(info, io.BytesIO(entry[1].encode()))
        LINK, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
        make('up.tar.gz', ('../x', 'y'))
        make('middle.tar.gz', ('a/../../x', 'y'))
        make('absolute.tar.gz', ('/etc/x', 'y'))
        make('link-absolute.tar.gz', ('x', LINK, '/etc/passwd'))
        make('link-up.tar.gz', ('a/x', LINK, '../../y'))
        make('link-over-link.tar.gz', ('a/b/top', LINK, '../..'), ('a/b/x', LINK, 'top/../y'))
        make('link-circle.tar.gz', ('x', LINK, 'y'), ('y', LINK, 'x'))
        make('below-link.tar.gz', ('d', LINK, 'e'), ('d/x', 'y'))
        make('hard.tar.gz', ('x', HARD, '../../etc/passwd'))
        make('fifo.tar.gz', ('x', tarfile.FIFOTYPE, ''))
        make('bzip2.tar.gz', mode='w:bz2')
        large = tarfile.TarInfo('zeros')
        large.size = 3 << 30
        open('large.tar', 'wb').write(large.tobuf(tarfile.GNU_FORMAT))
        with tarfile.open('many.tar', 'w') as tar:
            block = tarfile.TarInfo('x').tobuf()
            for _ in range(101): tar.fileobj.write(block * 1000)
        whole = open('up.tar.gz', 'rb').read()
        make('whole.tar', ('x', 'y' * 1000), mode='w')
        open('torn.tar', 'wb').write(open('whole.tar', 'rb').read()[:1800])
        open('gzip.tar.gz', 'wb').write(whole[:60])
        long = 'long' * 30 + '/' + 'path' * 30
        for name, format in (('gnu', tarfile.GNU_FORMAT), ('pax', tarfile.PAX_FORMAT)):
            make('good-%s.tar.gz' % name, (long, 'deep'), ('to-long', LINK, long), ('d/up', LINK, '../t.py'),
                 ('d/also', LINK, '.'), ('hard', HARD, 't.py'),
                 (os.fsdecode(b'n\\xe9'), 'odd'), ('twice', '1'),
                 ('twice', '2'), format=format)
        """

    @Test("archives are read in constant memory, and those that would do harm are refused by name")
    func archives() throws {
        try withFolder { folder in
            try python(Self.makeArchives, in: folder)
            let wrong = [
                "up.tar.gz": "holds ../x, which lies outside",
                "middle.tar.gz": "a/../../x, which lies outside",
                "absolute.tar.gz": "holds /etc/x, which lies outside",
                "link-absolute.tar.gz": "holds the link x to /etc/passwd, outside its folder",
                "link-up.tar.gz": "holds the link a/x to ../../y",
                "link-over-link.tar.gz": "holds the link a/b/x to top/../y",
                "link-circle.tar.gz": "holds the link ",
                "below-link.tar.gz": "d/x below d, which is no folder",
                "hard.tar.gz": "holds the hard link x to ../../etc/passwd",
                "fifo.tar.gz": "holds x, which is neither", "bzip2.tar.gz": "compressed with bzip2",
                "large.tar": "more than 2147483648 bytes unpacked", "many.tar": "more than 100000 entries",
                "torn.tar": "no whole tar archive", "gzip.tar.gz": "cut short",
            ]
            for (name, words) in wrong.sorted(by: { $0.key < $1.key }) {
                let error = #expect(throws: LockstepError.self, "\(name)") {
                    _ = try launcher("t.py", "\(folder)/\(name)")
                }
                let message = error?.message ?? ""
                #expect(
                    message.contains(words) && message.contains("\(folder)/\(name)"), "\(name): \(message)")
                #expect(error?.code == .data)
            }
            for name in ["code.zip", "code.tar.bz2", "CODE.TAR.XZ"] {
                try AtomicFile.write([0x50, 0x4B, 3, 4], to: "\(folder)/\(name)")
                let error = #expect(throws: LockstepError.self) {
                    _ = try launcher("t.py", "\(folder)/\(name)")
                }
                let message = error?.message ?? ""
                #expect(message.contains("\(folder)/\(name)") && message.contains("pack it as .tar.gz"))
            }
            for name in ["gnu", "pax"] {
                let code = "\(folder)/\(name)"
                try launcher("d/up", "\(folder)/good-\(name).tar.gz").unpackCode(into: code)
                #expect(try AtomicFile.read(code + "/to-long") == Array("deep".utf8))
                #expect(try AtomicFile.read(code + "/d/also/up") == Array("print(1)".utf8))
                #expect(try AtomicFile.read(code + "/hard") == Array("print(1)".utf8))
                #expect(try AtomicFile.read(code + "/twice") == Array("2".utf8))
                let names = try OpenFolder(code).names().map(\.printable)
                #expect(names.contains("n\\xE9"), "\(names)")
            }
        }
    }

    /// No index can be reached.
    private static let offline = [
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "2",
        "PIP_NO_CACHE_DIR": "1",
    ]

    private static let canBuild: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import pip, setuptools, venv"]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    private static let package = """
        from setuptools import setup
        setup(name='inner-lib', version='1', packages=['inner_lib'],
              entry_points={'console_scripts': ['inner-tool = inner_lib:main']})
        """
    private static let script = """
        import subprocess, sys
        try:
            import inner_lib
            subprocess.check_call(['inner-tool'])
        except ImportError as error:
            print(error)
        """

    @Test(
        "what the node has of a requirements.txt costs no index; local packages and commands are found",
        .enabled(if: canBuild, "no python3 with pip, setuptools and venv"))
    func requirements() throws {
        try withFolder { folder in
            let source = folder + "/source"
            try FileSystem.createFolder(source + "/lib/inner_lib")
            try AtomicFile.write(Array(Self.script.utf8), to: source + "/main.py")
            try AtomicFile.write(Array(Self.package.utf8), to: source + "/lib/setup.py")
            let module = "def main(): print('the tool runs')\n"
            try AtomicFile.write(Array(module.utf8), to: source + "/lib/inner_lib/__init__.py")
            try AtomicFile.write(Array("setuptools>=1\n".utf8), to: source + "/other.txt")
            let satisfied = "# comment\r\n\r\npip>=9\r\n-r other.txt\r\nnone; python_version < '3'\r\n"
            let cases = [
                (satisfied, "No module named 'inner_lib'\n", 0 as Int32),
                ("-e ./lib\n", "the tool runs\n", 0),
                ("./lib # with a tool\n", "the tool runs\n", 0),
                ("no-such-package-anywhere==1\n", "InstallRequirementsError: ", 1),
            ]
            for (index, (text, expected, status)) in cases.enumerated() {
                try AtomicFile.write(Array(text.utf8), to: source + "/requirements.txt")
                let base = "\(folder)/ml\(index)"
                let run = try ScriptLauncherTests.run(
                    try launcher("main.py", source, base: base), base: base, output: folder + "/log",
                    environment: Self.offline.merging(["HOME": base, "TMPDIR": folder]) { $1 })
                #expect(run.status == status && run.output.contains(expected), "\(text): \(run.output)")
                guard status != 0 else { continue }
                let failure = String(decoding: try AtomicFile.read(base + "/output/failure"), as: UTF8.self)
                #expect(
                    failure.contains("pip could not install what the code's folder asks for: No matching"))
            }
            try AtomicFile.write(Array("# caf".utf8) + [0xE9, 0x0A], to: source + "/requirements.txt")
            let base = folder + "/latin"
            let run = try ScriptLauncherTests.run(
                try launcher("main.py", source, base: base), base: base, output: folder + "/log",
                environment: Self.offline.merging(["HOME": base, "TMPDIR": folder]) { $1 })
            #expect(run.status == 1)
            let failure = String(decoding: try AtomicFile.read(base + "/output/failure"), as: UTF8.self)
            #expect(failure.contains("asks for: UnicodeDecodeError: "), "\(failure)")
        }
    }
}
