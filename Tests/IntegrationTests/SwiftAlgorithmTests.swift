import Foundation
import Testing

/// docs/writing-an-algorithm.md, followed to the letter.
@Suite(.serialized, .enabled(if: UserPackage.isSwiftThere, "swift is not on PATH"))
struct SwiftAlgorithmTests {
    @Test func `the page shows the example, and less than 80 lines of it`() throws {
        let page = try DocumentPage("writing-an-algorithm.md")
        let example = Program.packageRoot.appendingPathComponent("docs/examples/swift-algorithm")
        #expect(page.files.count == 4, "\(page.files.keys.sorted())")
        for (path, text) in page.files {
            let file = try String(contentsOf: example.appendingPathComponent(path), encoding: .utf8)
            // The example lies in the checkout, the reader's package beside it.
            let moved = file.replacingOccurrences(of: "\"../../..\"", with: "\"../lockstep\"")
            #expect(text == moved, "\(path) differs from docs/examples/swift-algorithm")
        }
        let code = ["Package.swift", "Sources/pca/main.swift"].flatMap { path in
            (page.files[path] ?? "").split(separator: "\n").filter {
                let line = $0.drop { $0 == " " }
                return !line.isEmpty && !line.hasPrefix("//")
            }
        }
        #expect(code.count < 80, "\(code.count) lines of code")
    }

    @Test func `what the page shows builds, trains and scores`() throws {
        let package = try UserPackage.shared.get()
        let trained = try package.take("train")
        let hash = try #require(trained.modelHash, "\(trained.output)")
        #expect(hash == Self.pageHash(package.page), "the page shows another hash than \(hash)")
        try withTemporaryFolder { folder in
            for ranks in 1...3 {
                let output = folder.appendingPathComponent("\(ranks)")
                let outcome = try package.start(ranks: ranks, output: output, logs: folder).wait()
                #expect(outcome.status == 0 && outcome.modelHash == hash, "\(ranks) ranks: \(outcome)")
            }
        }
        let scored = try package.take("predict").output
        #expect(scored.contains("\n{\"projection\":["), "\(scored.prefix(300))")
        let described = try package.take("describe").output
        #expect(described.contains("num_components") && described.contains("logical_shards"), "\(described)")
        let model = package.folder.appendingPathComponent("output/digits-pca/output/model.tar.gz").path
        let foreign = try withTemporaryFolder {
            try Program.run("lockstep", ["predict", model, "/dev/null"], in: $0)
        }
        #expect(foreign.status == 65 && foreign.error.contains("PROGRAM predict"), "\(foreign.error)")
    }

    @Test func `twenty kills at random change nothing`() throws {
        let package = try UserPackage.shared.get()
        let given = ProcessInfo.processInfo.environment["LOCKSTEP_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0..<1_000_000)
        print("kills from seed \(seed)")
        var random = SeededNumbers(seed: seed)
        try withTemporaryFolder { folder in
            let calm = folder.appendingPathComponent("calm")
            let undisturbed = try package.start(ranks: 2, output: calm, logs: folder).wait()
            let expected = try #require(undisturbed.modelHash, "\(undisturbed.error)")
            var (job, kills) = (0, 0)
            while kills < 20 {
                job += 1
                let output = folder.appendingPathComponent("job-\(job)")
                let memory = folder.appendingPathComponent("memory-\(job)")
                let options = Bool.random(using: &random) ? ["--hot-state", memory.path] : []
                var outcome: Program.Outcome?
                while outcome == nil {
                    let ranks = Int.random(in: 1...3, using: &random)
                    let running = try package.start(
                        ranks: ranks, output: output, logs: folder, options: options)
                    usleep(UInt32.random(in: 100_000...2_500_000, using: &random))
                    let victims = kills < 20 ? try package.ranks(output, logs: folder) : []
                    if let victim = victims.randomElement(using: &random), kill(victim, SIGKILL) == 0 {
                        kills += 1
                    }
                    let end = running.wait()
                    if end.status == 0 { outcome = end }
                }
                #expect(
                    outcome?.modelHash == expected, "seed \(seed), job \(job): \(String(describing: outcome))"
                )
                let verified = try Program.run(
                    "lockstep", ["verify", output.path + "/digits-pca", calm.path + "/digits-pca"], in: folder
                )
                #expect(verified.status == 0, "seed \(seed), job \(job): \(verified.error)")
            }
        }
    }

    @Test func `steps are taken again by the program that took them`() throws {
        let package = try UserPackage.shared.get()
        try withTemporaryFolder { folder in
            let output = folder.appendingPathComponent("out")
            #expect(try package.start(ranks: 1, output: output, logs: folder).wait().status == 0)
            let words = ["verify", output.path + "/digits-pca", "--replay", "52..58"]
            let nameless = try Program.run("lockstep", words, in: folder)
            #expect(nameless.status == 64 && nameless.error.contains("--program"), "\(nameless.error)")
            let replayed = try Program.run(
                "lockstep", words + ["--program", package.program, "--ranks", "2"], in: folder)
            #expect(replayed.status == 0, "\(replayed.error)")
            #expect(replayed.output.contains("all 8 commits are equal"), "\(replayed.output)")
        }
    }

    @Test func `a cluster trains it, through a kill`() throws {
        let package = try UserPackage.shared.get()
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 3, in: folder) { cluster in
                func submit(_ name: String) throws {
                    let outcome = try cluster.lockstep(["submit", package.job, "--name", name])
                    try #require(outcome.status == 0, "\(outcome.error)")
                }
                try submit("calm")
                let expected = try #require(try cluster.finished("calm")["ModelHash"] as? String)
                try submit("killed")
                var victim: Int32?
                try #require(
                    RunningProgram.eventually(seconds: 40) {
                        victim = try Program.run("pgrep", ["-f", "^[^ ]*/pca .*/killed/"], in: folder).output
                            .split(separator: "\n").last.flatMap { Int32($0) }
                        let progress = try cluster.describe("killed")["ProgressInfo"] as? [String: Any]
                        return victim != nil && progress?["CurrentStep"] as? Int ?? 0 >= 5
                    }, "no rank to kill")
                kill(try #require(victim), SIGKILL)
                #expect(try cluster.finished("killed")["ModelHash"] as? String == expected)
                #expect((try cluster.describe("killed")["Attempts"] as? [Any])?.count == 2)
                for words in [["verify", "killed", "calm"], ["verify", "killed", "--replay", "52..58"]] {
                    let verified = try cluster.lockstep(words)
                    #expect(verified.status == 0, "\(words): \(verified.output) \(verified.error)")
                }
            }
        }
    }

    /// The hash that the page promises.
    private static func pageHash(_ page: DocumentPage) -> String? {
        page.blocks.lazy.flatMap { $0.text.split(separator: "\n") }
            .first { $0.hasPrefix("model-hash: ") }.map { String($0.dropFirst("model-hash: ".count)) }
    }
}

/// Numbers that a seed gives again (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
