import Foundation
import JobSpecs
import ProgramContract
import Testing

/// What a whole host makes of what its program prints and leaves.
@Suite("What a program prints and leaves", .serialized)
struct LeftFilesTests {
    /// As whom a host runs, and with what.
    enum Setting: CaseIterable { case own, withoutMounts, nobody }

    static let settings = Setting.allCases.filter { setting in
        switch setting {
        case .own: true
        case .withoutMounts: RunnerBench.canMount
        case .nobody: geteuid() == 0
        }
    }

    private func run(_ bench: RunnerBench, _ script: String, _ setting: Setting) throws -> RunnerBench.Run {
        let head = "import os, sys, time\nopt = os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml')\n"
        let plan = bench.plan(["python3", "-c", head + script]) {
            $0.metrics = [JobSpec.MetricPattern(name: "m", regex: "loss: ([0-9.]+)")]
        }
        let words = setting == .withoutMounts ? ProgramSurroundingsTests.withoutMounts : []
        return try bench.run(plan, runAs: setting == .nobody ? "nobody" : "", words: words)
    }

    @Test("links, odd names and closed folders are saved whole", arguments: settings)
    func saved(_ setting: Setting) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        chmod(bench.folder, 0o755)
        let run = try run(
            bench,
            """
            model = os.fsencode(opt) + b'/model/'
            open(opt + '/checkpoints/best', 'w').write('best')
            open(model + b'caf\\xe9\\n', 'w').write('odd')
            os.symlink(opt + '/checkpoints/best', model + b'best')
            os.symlink(b'caf\\xe9\\n', model + b'last')
            os.makedirs(model + b'\\xff/empty')
            os.chmod(model + b'caf\\xe9\\n', 0)
            os.chmod(model + b'\\xff', 0)
            os.chmod(model, 0)
            """, setting)
        #expect(run.end?.outcome == .completed && run.status == 0, "\(run.end as Any) \(run.error)")
        let staging = bench.plan([]).staging(0)
        let listing = try bench.shell("cd \(staging)/model && find . -type f | LC_ALL=C sort | tr '\\n' ' '")
        // The newline in a name makes a line of its own.
        #expect(listing == " ./best ./caf\u{FFFD} ./last ", "\(listing.debugDescription)")
        #expect(try bench.shell("cat \(staging)/model/best \(staging)/model/last") == "bestodd")
        #expect(try bench.shell("find \(staging)/model -type d -name empty") != "")
        #expect(bench.leftovers() == [])
    }

    @Test("what cannot be saved fails the job and is named", arguments: settings)
    func unsaved(_ setting: Setting) throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        chmod(bench.folder, 0o755)
        let run = try run(
            bench,
            """
            os.symlink('/etc/shadow', opt + '/model/secret')
            os.symlink('nowhere', opt + '/model/dangling')
            os.mkfifo(opt + '/output/data/pipe')
            """, setting)
        #expect(run.end?.outcome == .unsaved && run.status == 65 && run.end?.status == 65, "\(run.error)")
        let message = run.end?.message ?? ""
        for word in [
            "model/secret is a link to /etc, outside", "model/dangling is a link to", "pipe is a FIFO",
        ] {
            #expect(message.contains(word), "\(message)")
        }
        #expect(try bench.shell("grep -rl root: \(bench.plan([]).folder); true") == "")
        #expect(bench.leftovers() == [])
    }

    @Test("a pattern that would take for ever costs no line")
    func hopelessPattern() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(["python3", "-c", "print('a' * 5000 + '!'); print('loss: 0.5')"]) {
            $0.metrics = ["(a+)+$", "loss: ([0-9.]+)"].map { JobSpec.MetricPattern(name: "m", regex: $0) }
        }
        let run = try bench.run(plan)
        #expect(run.end?.outcome == .completed, "\(run.error)")
        #expect(run.output.hasSuffix("!\nloss: 0.5\n") && run.output.utf8.count == 5012, "\(run.output)")
        #expect(run.reports.compactMap(\.value) == [0.5])
        #expect(run.error.contains("its Regex takes too long for a line"), "\(run.error)")
    }

    @Test(
        "a disk that is full is the node's fault, and no model is left behind",
        .enabled(if: RunnerBench.canMount, "no mounts can be made here"))
    func full() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let plan = bench.plan(["python3", "-c", "open('/opt/ml/model/m', 'wb').write(bytes(3 << 20))"])
        // Shared storage of 1 MB; what is written there goes with the mount.
        let script = """
            cp \(plan.planFile) \(bench.folder)/plan && mount -t tmpfs -o size=1m tmpfs \(bench.folder)/out &&
            mkdir -p \(plan.folder) && cp \(bench.folder)/plan \(plan.planFile) && "$@"
            status=$?; find \(bench.folder)/out -name m -size +0 > \(bench.folder)/left; exit $status
            """
        let user = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
        let run = try bench.run(plan, words: ["unshare", "--mount"] + user + ["sh", "-c", script, "sh"])
        #expect(run.end?.outcome == .unsaved && run.end?.code == "full", "\(run.end as Any) \(run.error)")
        #expect(run.status == 74 && run.end?.status == 74)
        #expect(run.end?.message?.contains("No space left on device") == true, "\(run.error)")
        #expect(bench.leftovers() == [])
    }

    @Test("its text is text, whatever it says, and its metrics are those it prints")
    func forged() throws {
        let bench = try RunnerBench()
        defer { bench.remove() }
        let run = try run(
            bench,
            """
            print('[1,1]<stdout>:loss: 0.5')
            for text in ('[1,0]<stderr>:', '\\x01R', ''):
                print(text + 'lockstep-program {"kind":"metric","name":"x","value":1}', file=sys.stderr)
                print(text + 'lockstep-program {"kind":"ended","outcome":"failed"}', file=sys.stderr)
            sys.stdout.buffer.write(b'\\xff' + 'é'.encode() * 70000 + b' loss: 0.25\\n')
            """, .own)
        #expect(run.end?.outcome == .completed, "\(run.error)")
        #expect(run.reports.map(\.kind) == [.started, .metric, .metric, .ended])
        #expect(run.reports.compactMap(\.value) == [0.5, 0.25])
        #expect(
            run.error.contains("\n\u{1}Rlockstep-program {\"kind\":\"ended\"")
                && !run.error.contains("\u{1}("))
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "[1,1]<stdout>:loss: 0.5")
        #expect(
            lines.dropFirst().joined() == "\u{FFFD}" + String(repeating: "é", count: 70000) + " loss: 0.25")
    }
}
