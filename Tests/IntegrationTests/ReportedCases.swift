import Foundation

/// One case of each kind that people reported of systems like this one: see docs/internals/faults.md.
enum ReportedCases {
    static func onOneHost(_ folder: URL) throws -> [ReportedCase] {
        try surroundings(folder) + output(folder) + left(folder) + requirements(folder) + names(folder)
            + messages(folder) + ends(folder) + promises(folder) + ReportedData.cases(folder)
    }

    /// A program starts another one that lies in a channel, and writes beside and into its channels.
    private static func surroundings(_ folder: URL) throws -> [ReportedCase] {
        let start = """
            #!/bin/bash
            epochs=$(grep -o '[0-9]' /opt/ml/input/config/hyperparameters.json)
            echo "export EPOCHS=$epochs" > /opt/ml/input/made.env
            source /opt/ml/input/made.env
            cd /opt/ml/input/data/code && python3 user.py

            """
        let drivers = folder.appendingPathComponent("drivers")
        try ReportedCase.write(start, drivers.appendingPathComponent("start.sh"))
        let user = "import os; open('/opt/ml/model/done', 'w').write(os.environ['EPOCHS'])\n"
        let code = folder.appendingPathComponent("channel-code")
        try ReportedCase.write(user, code.appendingPathComponent("user.py"))
        let packed = folder.appendingPathComponent("packed")
        try ReportedCase.write("a", packed.appendingPathComponent("a"))
        try Program.run("tar", ["-czf", "packed/pictures.tgz", "-C", "packed", "a"], in: folder)
        try FileManager.default.removeItem(at: packed.appendingPathComponent("a"))
        return [
            ReportedCase(
                name: "driver",
                words: [
                    "/bin/bash", "-c",
                    "chmod +x /opt/ml/input/data/drivers/start.sh && /opt/ml/input/data/drivers/start.sh",
                ], parameters: ["epochs": "3"],
                channels: [
                    .init(name: "drivers", uri: "file://\(drivers.path)"),
                    .init(name: "code", uri: "file://\(code.path)"),
                ], archive: ["done": 1]),
            try .python(
                "unpacked",
                """
                import tarfile
                train = os.environ['SM_CHANNEL_TRAIN']
                tarfile.open(train + '/pictures.tgz').extractall(train)
                open(train + '/.lock', 'w').close()
                print(sorted(os.listdir(train)))
                """, in: folder
            ).changed {
                $0.channels = [.init(name: "train", uri: "file://\(packed.path)")]
                $0.log = ["algo-1": ["['.lock', 'a', 'pictures.tgz']"]]
            },
        ]
    }

    /// What it prints is its own, whatever it looks like.
    private static func output(_ folder: URL) throws -> [ReportedCase] {
        let tagged = [
            "[1,0]<stdout>:epoch 1 error 0.50", "[1,1]<stdout>:epoch 1 error 7.50", "[1,3]<stderr>:careful",
            "[1,0]<stdout>:epoch 2 error 0.25", "no tag",
        ]
        let forged = [
            #"[1,0]<stderr>:lockstep-program {"kind":"metric","name":"forged","value":1}"#,
            #"[1,0]<stderr>:lockstep-program {"kind":"ended","outcome":"failed","status":9}"#,
            #"\u{1}Rlockstep-program {"kind":"metric","name":"forged","value":2}"#,
        ]
        func script(_ lines: [String]) throws -> String {
            "print(*\(String(decoding: try JSONEncoder().encode(lines), as: UTF8.self)), sep='\\n')"
        }
        let pattern = ("error", #"\[1,0\]<stdout>:epoch [0-9]+ error ([0-9.]+)"#)
        return [
            try .python("tagged", try script(tagged), in: folder).changed {
                $0.pattern = pattern
                ($0.log, $0.metrics) = (["algo-1": tagged], ["error": 0.25])
            },
            try .python("forged", try script(forged), in: folder).changed {
                $0.pattern = pattern
                $0.log = ["algo-1": forged]
            },
            // Written in two seconds, of which a log holds some states, and the last one.
            try .python(
                "progress",
                """
                for step in range(1, 81):
                    sys.stdout.write(f'\\r{step}/80 error={1 - step / 100:.2f}')
                    sys.stdout.flush()
                    time.sleep(0.025)
                print()
                """, in: folder
            ).changed {
                $0.pattern = ("error", "error=([0-9.]+)")
                $0.metrics = ["error": 0.2]
            },
        ]
    }

    /// What it leaves is saved under every name, or the job says what is not.
    private static func left(_ folder: URL) throws -> [ReportedCase] {
        [
            try .python(
                "links",
                """
                kept = '/opt/ml/checkpoints'
                open(model + '/epoch=1', 'w').write('1' * 700)
                open(kept + '/epoch=2', 'w').write('2' * 900)
                os.symlink(model + '/epoch=1', model + '/last')
                os.symlink('epoch=1', model + '/relative')
                os.symlink(kept + '/epoch=2', model + '/best')
                os.link(model + '/epoch=1', model + '/hard')
                """, in: folder
            ).changed {
                $0.archive = ["epoch=1": 700, "last": 700, "relative": 700, "hard": 700, "best": 900]
            },
            try .python("dangling", "os.symlink('/nowhere/at/all', model + '/lost')", in: folder)
                .failing("ClientError", "model/lost is a link to"),
            try .python(
                "odd-names",
                """
                for name in (b'na\\xefve', 'ñ 文 😀'.encode(), b'-f', b'.h', b'l' * 180, b'a\\nb', b'a\\\\b'):
                    open(b'/opt/ml/model/' + name, 'w').write('12345')
                os.makedirs(model + '/nothing/here')
                """, in: folder
            ).changed {
                let names = [
                    "na\u{EF}ve", "-f", ".h", String(repeating: "l", count: 180), "a\nb", "a\\b",
                    String(String.UnicodeScalarView("ñ 文 😀".utf8.map { UnicodeScalar($0) })),
                ]
                $0.archive = Dictionary(uniqueKeysWithValues: names.map { ($0, 5) })
                    .merging(["nothing": -1, "nothing/here": -1]) { $1 }
            },
            try .python(
                "closed",
                """
                os.makedirs(model + '/shut')
                for name in ('shut/a', 'secret'):
                    open(model + '/' + name, 'w').write(name)
                    os.chmod(model + '/' + name, 0)
                os.chmod(model + '/shut', 0)
                """, in: folder
            ).changed { $0.archive = ["shut": -1, "shut/a": 6, "secret": 6] },
        ]
    }

    private static func requirements(_ folder: URL) throws -> [ReportedCase] {
        let setup =
            "from setuptools import setup\nsetup(name='tiny-thing', version='1', packages=['tiny_thing']"
        let package = ["lib/tiny_thing/__init__.py": "VALUE = 7\ndef main(): print('the command runs')\n"]
        let command = ", entry_points={'console_scripts': ['tiny-thing = tiny_thing:main']})\n"
        let files = [
            "satisfied": ["requirements.txt": "# what is there\r\n\r\npip>=9\r\n"],
            "editable": package.merging(
                ["requirements.txt": "-e ./lib\n", "lib/setup.py": setup + ")\n"]) { $1 },
            "command": package.merging(
                ["requirements.txt": "./lib\n", "lib/setup.py": setup + command]) { $1 },
        ]
        let scripts = [
            "satisfied": ("print('ran')", "ran"),
            "editable": ("import tiny_thing; print(tiny_thing.VALUE)", "7"),
            "command": ("import subprocess; subprocess.run(['tiny-thing'], check=True)", "the command runs"),
        ]
        return try ["satisfied", "editable", "command"].compactMap { name in
            guard name == "satisfied" || canBuild, let (text, line) = scripts[name] else { return nil }
            return try ReportedCase.python(name, text, in: folder, beside: files[name] ?? [:]).changed {
                $0.environment = ["PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"]
                $0.log = ["algo-1": [line]]
            }
        }
    }

    /// Whether pip can build a package here without an index.
    private static let canBuild: Bool = {
        do {
            return try withTemporaryFolder {
                try Program.run("python3", ["-c", "import pip, setuptools"], in: $0).status == 0
            }
        } catch { return false }
    }()

    private static func names(_ folder: URL) throws -> [ReportedCase] {
        let entries = [
            ("dot", "./train.py"), ("space", "my train.py"), ("accent", "entraîner.py"),
            ("dotted", "train-v1.2.py"), ("deeper", "src/run/train.py"),
        ]
        let run = try entries.map { name, entry in
            try ReportedCase.code("entry-\(name)", [entry: "print('ran')\n"], entry: entry, in: folder)
                .changed { $0.log = ["algo-1": ["ran"]] }
        }
        let around = try ReportedCase.code(
            "entry-around", ["train.py": "print('ran')\n"], entry: "sub/../train.py", in: folder)
        return run + [around.failing("ClientError", "sub/../train.py", "without '..'")]
    }

    private static func messages(_ folder: URL) throws -> [ReportedCase] {
        let windows = "#!/bin/bash\r\necho started\r\n"
        let scripts = [
            ("windows", "run.sh", windows, "Windows"),
            ("marked", "run.sh", "\u{FEFF}#!/bin/bash\necho started\n", "byte order mark"),
            ("plain", "run.sh", "echo started\n", ""),
            ("windows-python", "run.py", "#!/usr/bin/env python3\r\nprint('started')\r\n", ""),
        ]
        let entry = folder.appendingPathComponent("own/run.sh")
        try ReportedCase.write(windows, entry)
        try Program.run("chmod", ["+x", entry.path], in: folder)
        return try scripts.map { name, file, text, reason in
            let example = try ReportedCase.code(name, [file: text], entry: file, in: folder)
            return reason.isEmpty
                ? example.changed { $0.log = ["algo-1": ["started"]] }
                : example.failing("ClientError", "run.sh cannot be executed", reason)
        } + [
            ReportedCase(name: "windows-entry", words: [entry.path])
                .failing("ClientError", "\(entry.path) cannot be executed", "Windows")
        ]
    }

    /// Ends that repeat themselves are told by their cause.
    private static func ends(_ folder: URL) throws -> [ReportedCase] {
        let four = "in each of 4 attempts"
        return [
            try .python("killed", "os.kill(os.getpid(), 9)", in: folder)
                .failing("AlgorithmError", "ended by SIGKILL, exit code: 137 (\(four)", attempts: 4),
            try .python("terminated", "os.kill(os.getpid(), 15)", in: folder)
                .failing("AlgorithmError", "ended by SIGTERM, exit code: 143 (\(four)", attempts: 4),
            ReportedCase(name: "wrapped", words: ["/bin/sh", "-c", "sh -c 'kill -9 $$'; exit $?"])
                .failing("AlgorithmError", "exit code: 137"),
            ReportedCase(name: "wrapped-15", words: ["/bin/sh", "-c", "sh -c 'kill -15 $$'; exit $?"])
                .failing("AlgorithmError", "exit code: 143"),
        ]
    }

    private static func promises(_ folder: URL) throws -> [ReportedCase] {
        ["EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"].map { member in
            ReportedCase(
                name: member, words: ["true"], members: [member: true],
                refusal: "\(member) is not offered")
        }
    }
}
