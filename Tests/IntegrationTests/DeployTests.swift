import Foundation
import Testing

/// What deploy/ holds fits the programs, as far as that can be seen without running it.
@Suite struct DeployTests {
    private static let deploy = Program.packageRoot.appendingPathComponent("deploy")

    private static func files(_ folder: String, _ suffix: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: deploy.appendingPathComponent(folder), includingPropertiesForKeys: nil
        ).filter { $0.path.hasSuffix(suffix) }.sorted { $0.path < $1.path }
    }

    /// Every `--option` in `line`, a command line of `lockstepd`, is one that the program has.
    private static func expectKnownOptions(_ line: String, in folder: URL) throws {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        let start = try #require(words.firstIndex { $0.hasSuffix("lockstepd") }, "\(line)")
        let help = try Program.run("lockstepd", [words[start + 1], "--help"], in: folder).output
        let options = words.filter { $0.hasPrefix("--") }.map { $0.prefix { $0 != "=" } }
        #expect(options.count >= 4, "\(line)")
        for option in options { #expect(help.contains("\(option)"), "\(option) in: \(line)") }
    }

    @Test func `systemd takes the units, and lockstepd their options`() throws {
        try withTemporaryFolder { folder in
            let units = try Self.files("systemd", ".service")
            #expect(units.count == 2)
            for unit in units {
                let text = try String(contentsOf: unit, encoding: .utf8)
                let command = text.split(separator: "\n").filter { $0.hasPrefix("ExecStart=") }
                try #require(command.count == 1)
                try Self.expectKnownOptions(String(command[0].dropFirst("ExecStart=".count)), in: folder)
                let copy = folder.appendingPathComponent(unit.lastPathComponent)
                try text.replacingOccurrences(
                    of: "/usr/local/bin/lockstepd", with: Program.path("lockstepd")
                ).write(to: copy, atomically: true, encoding: .utf8)
                guard FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") else {
                    continue
                }
                let verdict = try Program.run("systemd-analyze", ["verify", copy.path], in: folder)
                #expect(verdict.status == 0, "\(verdict.error)")
                #expect(!verdict.error.contains(copy.path), "\(verdict.error)")
            }
        }
    }

    @Test func `the manifests are whole, and lockstepd takes their options`() throws {
        try withTemporaryFolder { folder in
            let script = Program.packageRoot.appendingPathComponent(
                "Tests/IntegrationTests/Clients/check_manifests.py")
            let manifest = Self.deploy.appendingPathComponent("kubernetes/lockstep.yaml")
            let outcome = try Program.run("python3", [script.path, manifest.path], in: folder)
            try #require(outcome.status == 0, "\(outcome.error)")
            let commands = outcome.output.split(separator: "\n")
            #expect(commands.count == 2)
            for command in commands { try Self.expectKnownOptions(String(command), in: folder) }
        }
    }

    @Test func `batch scripts say what is missing`() throws {
        try withTemporaryFolder { folder in
            let mistakes: [(script: String, words: [String], variables: [String: String], status: Int32)] = [
                ("train", [], [:], 64), ("train", ["a.yaml"], ["LOCKSTEP_BIN": ""], 66),
                ("train", ["a.yaml"], ["LOCKSTEP_LAUNCHER": "ssh"], 64), ("cluster", ["a.yaml"], [:], 64),
            ]
            let programs = Program.packageRoot.appendingPathComponent(".build/release").path
            for mistake in mistakes {
                let outcome = try Program.run(
                    Self.deploy.appendingPathComponent("slurm/\(mistake.script).sbatch").path, mistake.words,
                    in: folder,
                    environment: ["LOCKSTEP_BIN": programs, "PATH": "/usr/bin:/bin"].merging(
                        mistake.variables
                    ) { $1 })
                #expect(outcome.status == mistake.status, "\(mistake): \(outcome.error)")
                #expect(outcome.error.hasPrefix("\(mistake.script).sbatch: "), "\(outcome.error)")
            }
        }
    }
}
