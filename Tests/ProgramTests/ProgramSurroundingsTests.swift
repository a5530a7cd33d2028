import Foundation
import JobSpecs
import ProgramContract
import StorageLocations
import Testing

/// What a program finds around it.
@Suite("What a program finds", .serialized)
struct ProgramSurroundingsTests {
    private func channel(
        _ name: String, _ path: String, mode: JobSpec.Channel.InputMode = .file, isSharded: Bool = false
    ) -> JobSpec.Channel {
        JobSpec.Channel(
            name, location: StorageLocation(path: path), inputMode: mode,
            distribution: isSharded ? .sharded : .fullyReplicated)
    }

    private static let look = """
        cd ${SAGEMAKER_BASE_DIR:-/opt/ml}
        (cd input/data && ls train sharded one && cat train/* sharded/* one/*)
        cat input/data/pipe_0 input/data/pipe_1
        echo saved > checkpoints/c; echo $RANK $WORLD_SIZE $SAGEMAKER_BASE_DIR
        (echo changed > input/data/train/a && mkdir input/data/train/sub) 2>/dev/null && echo written
        (echo beside > input/beside && echo x > input/data/more) 2>/dev/null && echo beside
        (echo changed > input/data/one/b) 2>/dev/null && echo "FastFile was written"; true
        """

    /// A kernel that allows no mounts, as one that allows all.
    static let withoutMounts = [
        "unshare", "--user", "--map-root-user", "sh", "-c",
        "echo 0 > /proc/sys/user/max_mnt_namespaces; exec \"$@\"", "sh",
    ]

    @Test(
        "channels, checkpoints and configuration", arguments: RunnerBench.canMount ? [true, false] : [false])
    func tree(mounts: Bool) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let data = bench.folder + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        for name in ["a", "b", "c"] {
            try Data("\(name)\n".utf8).write(to: URL(fileURLWithPath: "\(data)/\(name)"))
        }
        let plan = bench.plan(hosts: 2, ["/bin/sh", "-c", Self.look]) {
            $0.hyperparameters = ["x": "1", "y": "\"é/\""]
            $0.channels = [
                channel("train", data), channel("sharded", data, isSharded: true),
                channel("one", data + "/b", mode: .fastFile), channel("pipe", data, mode: .pipe),
            ]
        }
        let run = try bench.run(plan, rank: 1, words: mounts ? [] : Self.withoutMounts)
        let base = mounts ? "" : "\(bench.scratch)/\(bench.token)/1/algo-2"
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "one:", "b", "sharded:", "b", "train:", "a", "b", "c", "a", "b", "c", "b", "b", "a", "b", "c",
                "a",
                "b", "c", mounts ? "1 2" : "1 2 \(base)", "written", "beside",
            ] + (mounts || geteuid() != 0 ? [] : ["FastFile was written"]))
        for name in ["a", "b", "c"] { #expect(bench.text("\(data)/\(name)") == "\(name)\n") }
        #expect(try bench.shell("ls \(data)") == "a\nb\nc")
        #expect(run.end?.outcome == .completed, "\(run.error)")
        #expect(run.error.contains("no mounts on this node") == !mounts)
        #expect(bench.text("\(bench.folder)/out/\(bench.token)/checkpoints/c") == "saved\n")
        #expect(bench.leftovers() == [])
    }

    @Test("without mounts, paths below /opt/ml are found all the same, and links made by them are saved")
    func absolutePaths() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let data = bench.folder + "/data.csv"
        try Data("1,2\n".utf8).write(to: URL(fileURLWithPath: data))
        var plan = bench.plan(["/opt/ml/input/data/code/start.sh", "/opt/ml/input/data/train/data.csv"]) {
            $0.channels = [channel("train", data), channel("code", bench.folder + "/code")]
        }
        // As a container's image would say it, whatever this machine allows.
        plan.job.work.program?.command = [
            "/opt/ml/input/data/code/start.sh", "/opt/ml/input/data/train/data.csv",
        ]
        try FileManager.default.createDirectory(
            atPath: bench.folder + "/code", withIntermediateDirectories: true)
        let start = """
            #!/bin/sh
            getent hosts algo-1 >&2 && cat $1
            cd /opt/ml/model && python3 /opt/ml/input/data/code/train.py && ls /opt/ml/model
            mv /opt/ml/model/part /opt/ml/output/data/part
            """
        let train = """
            import os, shutil, sqlite3, subprocess, tempfile
            model = '/opt/ml/model'
            open(model + '/a', 'w').write('weights')
            os.symlink(model + '/a', model + '/link')
            os.link(model + '/a', model + '/hard')
            sqlite3.connect(model + '/base.db').execute('create table t(x)')
            folder = tempfile.mkdtemp(dir=model)
            assert folder.startswith(model) and os.path.isdir(folder)
            shutil.copy('/opt/ml/input/config/hyperparameters.json', folder + '/part')
            os.rename(folder + '/part', model + '/part')
            shutil.rmtree(folder)
            print(subprocess.run(['stat', '-c', '%s', model + '/link', '-L'], cwd=model,
                                 capture_output=True, text=True).stdout.strip())
            print(subprocess.run(['/bin/bash', '-c', 'for f in /opt/ml/model/a*; do echo $f; done'],
                                 capture_output=True, text=True).stdout.strip())
            """
        for (name, text) in [("start.sh", start), ("train.py", train)] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(bench.folder)/code/\(name)"))
        }
        chmod(bench.folder + "/code/start.sh", 0o755)
        let run = try bench.run(plan, words: Self.withoutMounts)
        #expect(run.end?.outcome == .completed, "\(run.error) \(run.output)")
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines == ["1,2", "7", "/opt/ml/model/a", "a", "base.db", "hard", "link", "part"])
        let saved = "\(bench.folder)/out/\(bench.token)/programs/1"
        #expect(try bench.shell("find \(saved) -name link -size 7c -type f | wc -l") == "1")
        #expect(try bench.shell("find \(saved) -name part | wc -l") == "1")
        #expect(bench.leftovers() == [])
    }

    @Test(
        "names, processes and configuration files of its own",
        .enabled(if: RunnerBench.canMount, "no mounts can be made here"))
    func namespaces() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let script = """
            hostname; getent hosts algo-2; ls -d /proc/[0-9]* | wc -l; ls /tmp /dev/shm | wc -l
            cd /opt/ml/input/config; cat hyperparameters.json; echo; cat resourceconfig.json; echo
            ulimit -c
            """
        let plan = bench.plan(hosts: 2, ["/bin/sh", "-c", script]) { $0.hyperparameters = ["y": "\"é/\""] }
        let run = try bench.run(plan)
        let lines = run.output.split(separator: "\n").map(String.init)
        guard lines.count == 7 else {
            Issue.record("\(run.output) \(run.error)")
            return
        }
        #expect(lines[0] == "algo-1")
        #expect(lines[1].hasPrefix("127.0.0.1") && lines[1].hasSuffix("algo-2"))
        #expect(Int(lines[2]).map { $0 < 8 } == true)
        #expect(lines[4] == #"{"y":"\"é/\""}"#)
        #expect(lines[5].hasPrefix(#"{"current_group_name":"homogeneousCluster","current_host":"algo-1""#))
        #expect(lines[6] == "0")
    }

    /// The keys of a nested channel, each in a line, with the bytes of their names.
    private static let tell = """
        cd ${SAGEMAKER_BASE_DIR:-/opt/ml}/input/data
        export LC_ALL=C
        for c in *; do (cd $c; find . ! -type d | sort | sed "s/^/$c /"; cat $(find -L . -type f)) \
            | od -An -v -tx1 | tr -d ' \n'; done
        """

    @Test(
        "a prefix is everything below it, sub-folders and odd names too",
        arguments: RunnerBench.canMount ? [true, false] : [false])
    func prefixes(mounts: Bool) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let data = bench.folder + "/data"
        _ = try bench.shell(
            """
            mkdir -p \(data)/day-1 \(data)/day-2/deep; cd \(data)
            printf 1 > day-1/part; printf 2 > day-2/deep/part; printf 3 > day-1.csv
            printf 4 > "$(printf 'n\\351')"
            ln -s day-1/part link
            """)
        let plan = bench.plan(hosts: 2, ["/bin/sh", "-c", Self.tell]) {
            $0.channels = [
                channel("all", data), channel("fast", data + "/day-", mode: .fastFile),
                channel("part", data + "/day-"), channel("share", data, isSharded: true),
            ]
        }
        let run = try bench.run(plan, rank: 1, words: mounts ? [] : Self.withoutMounts)
        let expected =
            "all ./day-1.csv\nall ./day-1/part\nall ./day-2/deep/part\nall ./link\nall ./n\u{FFFD}\n"
        // The bytes as they came, for the name that is no text.
        let text = String(decoding: Self.bytes(ofHex: run.output), as: UTF8.self)
        #expect(text.hasPrefix(expected), "\(text) \(run.error)")
        for channel in ["fast", "part"] {
            #expect(
                text.contains(
                    "\(channel) ./day-1.csv\n\(channel) ./day-1/part\n\(channel) ./day-2/deep/part\n"),
                "\(text)")
        }
        // Keys in byte order: day-1.csv, day-1/part, day-2/deep/part, link, n\351.
        #expect(text.contains("share ./day-1/part\nshare ./link\n"), "\(text)")
        #expect(run.end?.outcome == .completed, "\(run.error)")
        #expect(bench.leftovers() == [])
    }

    private static func bytes(ofHex text: String) -> [UInt8] {
        let digits = Array(text.utf8).filter { $0 != 10 }
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    @Test("channels that cannot be copied are named")
    func uncopied() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let data = bench.folder + "/data"
        _ = try bench.shell("mkdir \(data); truncate -s 2G \(data)/large; mkfifo \(bench.folder)/fifo")
        let large = try bench.run(
            bench.plan(["true"]) {
                $0.channels = [channel("train", data)]
                $0.resources.volumeGB = 1
            })
        #expect(large.end?.outcome == .notStarted)
        #expect(large.end?.message?.contains("VolumeSizeInGB or use InputMode FastFile") == true)
        let fifo = try bench.run(
            bench.plan(["true"]) { $0.channels = [channel("train", bench.folder + "/fifo")] })
        #expect(fifo.end?.outcome == .notStarted)
        // Names that are short enough where they lie, but not behind the host's folder.
        let name = String(repeating: "d", count: 100)
        let rest = 4088 - "\(bench.folder)/deep/".utf8.count - 39 * 101
        _ = try bench.shell(
            """
            mkdir \(bench.folder)/deep; cd \(bench.folder)/deep
            for i in $(seq 39); do mkdir \(name); cd \(name); done
            mkdir \(String(repeating: "e", count: rest)); cd eee*; echo x > x
            """)
        for (mode, isSharded) in [(JobSpec.Channel.InputMode.file, false), (.fastFile, true)] {
            let deep = try bench.run(
                bench.plan(["true"]) {
                    $0.channels = [
                        channel("train", bench.folder + "/deep", mode: mode, isSharded: isSharded)
                    ]
                })
            #expect(deep.end?.outcome == .notStarted, "\(deep.error)")
            let message = deep.end?.message ?? ""
            #expect(
                message.contains("channel train: the file ddd") && message.contains("has a path of")
                    && message.count < 400, "\(message)")
        }
        #expect(fifo.end?.message?.contains("/fifo is neither file nor folder") == true, "\(fifo.error)")
        #expect(bench.leftovers() == [])
    }

    @Test("a user without rights", .enabled(if: geteuid() == 0))
    func user() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let script =
            "cd /opt/ml; id -un; echo m > model/m; echo c > checkpoints/c; touch /usr/x 2>&1; "
            + "kill -9 1 2>&1; cd input; "
            + "chmod +x data/train/a && echo b > data/train/a && echo e > env; cat env"
        let data = bench.folder + "/data"
        _ = try bench.shell("mkdir \(data); echo a > \(data)/a")
        let plan = bench.plan(["/bin/sh", "-c", script]) { $0.channels = [channel("train", data)] }
        let run = try bench.run(plan, runAs: "nobody")
        #expect(run.output.hasPrefix("nobody\n"), "\(run.output) \(run.error)")
        #expect(run.output.contains("Permission denied") && run.output.contains("not permitted"))
        #expect(run.output.hasSuffix("e\n") && bench.text(data + "/a") == "a\n")
        #expect(bench.text(plan.staging(0) + "/model/m") == "m\n")
        #expect(bench.leftovers() == [])
    }

    @Test(
        "an image's root",
        .enabled(if: geteuid() == 0 && RunnerBench.canMount, "no mounts can be made here"))
    func image() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let root = bench.folder + "/image"
        let libraries = "$(ldd /bin/sh /bin/ls | grep -o '/[^ ]*' | grep -v ':$' | sort -u)"
        _ = try bench.shell(
            "mkdir -p \(root)/bin && cp /bin/sh /bin/ls \(root)/bin && cp --parents \(libraries) \(root)")
        var plan = bench.plan([
            "/bin/sh", "-c", "ls /; ls /bin; echo m > /opt/ml/model/m; (echo x > /bin/x); true",
        ])
        plan.imageRoot = root
        let run = try bench.run(plan)
        #expect(
            run.output.contains("ls\nsh\n") && !run.output.contains("root\n"), "\(run.output) \(run.error)")
        #expect(bench.text(plan.staging(0) + "/model/m") == "m\n")
        #expect(!FileManager.default.fileExists(atPath: root + "/bin/x"))
        #expect(bench.leftovers() == [])
    }

    @Test("a channel without data, a bad pattern, a rank too many")
    func refusals() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let missing = bench.plan(["true"]) { $0.channels = [channel("train", bench.folder + "/none")] }
        let run = try bench.run(missing)
        #expect(run.end?.outcome == .notStarted)
        #expect(
            run.end?.message?.contains("channel train") == true && run.end?.message?.contains("/none") == true
        )
        let pattern = bench.plan(["true"]) {
            $0.metrics = [JobSpec.MetricPattern(name: "m", regex: "(")]
        }
        #expect(try bench.run(pattern).end?.outcome == .notStarted)
        #expect(try bench.run(bench.plan(["true"]), rank: 3).status == 64)
        #expect(bench.leftovers() == [])
    }
}
