import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
import Processes
import ProgramContract
import Storage
import StorageLocations
import Testing

@Suite("Script mode")
struct ScriptLauncherTests {
    /// What scripts/reference/toolkit.py recorded of the real toolkit.
    struct Golden: Codable {
        var hyperparameters: [String: String]
        var channels: [String]
        var hosts: Int
        var current: Int
        var program: String
        var argv: [String]
        var environment: [String: String]

        static func read(_ name: String) throws -> Golden {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Golden/toolkit-\(name).json")
            return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        }
    }

    static func plan(
        _ hyperparameters: [String: String], hosts: Int = 1, channels: [String] = [],
        environment: [String: String] = [:], kind: ProgramKind = .script
    ) -> ProgramPlan {
        let job = JobSpec(
            name: JobName("digits"), arn: "arn", hyperparameters: hyperparameters,
            channels: channels.map { JobSpec.Channel($0, location: StorageLocation(path: "/data/" + $0)) },
            locations: JobSpec.Locations(output: StorageLocation(path: "/out")),
            resources: JobSpec.Resources(instanceType: "local"), environment: environment)
        return ProgramPlan(
            job: job, kind: kind, attempt: 1,
            hosts: (1...hosts).map { .init(name: "algo-\($0)", address: "10.0.0.\($0)", worker: "w\($0)") },
            folder: "/nowhere")
    }

    @Test(
        "the command line and every variable are the toolkit's",
        arguments: ["plain", "hosts", "shell", "mpi"])
    func golden(_ name: String) throws {
        let golden = try Golden.read(name)
        try withFolder { folder in
            try FileSystem.createFolder(FileSystem.parent(of: "\(folder)/\(golden.program)") ?? folder)
            try AtomicFile.write([], to: "\(folder)/\(golden.program)")
            var hyperparameters = golden.hyperparameters
            hyperparameters["sagemaker_submit_directory"] = folder
            let plan = plan(
                hyperparameters, hosts: golden.hosts, channels: golden.channels,
                environment: ["AWS_REGION": "local-1"], kind: name == "mpi" ? .mpi : .script)
            let launcher = try ScriptLauncher(plan, rank: golden.current - 1, base: "/opt/ml", cores: 5)
            for (variable, value) in golden.environment where variable != "SM_TRAINING_ENV" {
                let ours = launcher.environment[variable]?.replacing(folder, with: "/source")
                #expect(ours == value, "\(variable)")
            }
            // The number of cores is left out of the record.
            let ours = try #require(launcher.environment["SM_TRAINING_ENV"])
            #expect(launcher.environment["SM_NUM_CPUS"] == "5")
            #expect(
                ours.replacing(folder, with: "/source").replacing("\"num_cpus\":5,", with: "")
                    == golden.environment["SM_TRAINING_ENV"])
            switch name {
            case "shell":
                #expect(Array(launcher.arguments.prefix(2)) == ["/bin/sh", "-c"])
                let script = try #require(launcher.arguments.last)
                #expect(script == "./run.sh --epochs 3 --text 'it'\"'\"'s \"so\" $HOME;'")
            case "mpi": #expect(launcher.arguments == ["python3", "-m", "mpi4py", "train.py"] + golden.argv)
            default: #expect(launcher.arguments == golden.argv)
            }
            #expect(launcher.directory == "/opt/ml/code")
        }
    }

    @Test("variables of the SDK's version 3 and of torchrun")
    func versionThree() throws {
        try withFolder { folder in
            try AtomicFile.write([], to: folder + "/t.py")
            let plan = plan(
                ["sagemaker_program": "t.py", "sagemaker_submit_directory": "file://\(folder)/", "a-b": "1"],
                hosts: 2, environment: ["LOCKSTEP_PYTHON": "/opt/python"])
            let launcher = try ScriptLauncher(plan, rank: 1, base: "/opt/ml", cores: 5)
            let variables = launcher.environment
            #expect(variables["SM_HP_A-B"] == "1" && variables["SM_HP_A_B"] == "1")
            #expect(variables["SM_MASTER_ADDR"] == "10.0.0.1" && variables["SM_HOST_COUNT"] == "2")
            #expect(variables["SM_CURRENT_HOST_RANK"] == "1")
            #expect(variables["SM_MASTER_PORT"] == String(plan.masterPort))
            #expect(
                variables["PYTHONPATH"] == "/opt/ml/code:/opt/ml/lockstep-python")
            #expect(launcher.arguments == ["/opt/python", "--", "t.py", "--a-b", "1"])
        }
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let hyperparameters: [String: String]
        let words: [String]
    }

    @Test(
        "what cannot run is named",
        arguments: [
            Wrong(
                testDescription: "no folder", hyperparameters: ["sagemaker_program": "t.py"],
                words: ["sagemaker_submit_directory", "is missing"]),
            Wrong(
                testDescription: "S3",
                hyperparameters: [
                    "sagemaker_program": "t.py", "sagemaker_submit_directory": "s3://b/sourcedir.tar.gz",
                ],
                words: ["sagemaker_submit_directory is s3://b/sourcedir.tar.gz", "file:///"]),
            Wrong(
                testDescription: "a relative path",
                hyperparameters: ["sagemaker_program": "t.py", "sagemaker_submit_directory": "code"],
                words: ["sagemaker_submit_directory is code", "absolute"]),
            Wrong(
                testDescription: "a folder that is not there",
                hyperparameters: ["sagemaker_program": "t.py", "sagemaker_submit_directory": "/no/such"],
                words: ["/no/such", "all workers share"]),
            Wrong(
                testDescription: "a file that is not there",
                hyperparameters: ["sagemaker_program": "other.py", "sagemaker_submit_directory": "FOLDER"],
                words: ["sagemaker_program is other.py", "there is a.txt, sub, t.py"]),
            Wrong(
                testDescription: "a way out",
                hyperparameters: ["sagemaker_program": "../t.py", "sagemaker_submit_directory": "FOLDER"],
                words: ["sagemaker_program is '../t.py'"]),
            Wrong(
                testDescription: "a way out and back",
                hyperparameters: [
                    "sagemaker_program": "sub/../t.py", "sagemaker_submit_directory": "FOLDER",
                ],
                words: ["sagemaker_program is 'sub/../t.py'", "without '..'"]),
            Wrong(
                testDescription: "a folder",
                hyperparameters: ["sagemaker_program": "./sub", "sagemaker_submit_directory": "FOLDER"],
                words: ["sagemaker_program is './sub'", "is a folder"]),
        ])
    func wrong(_ example: Wrong) throws {
        try withFolder { folder in
            try FileSystem.createFolder(folder + "/sub")
            for name in ["t.py", "a.txt"] { try AtomicFile.write([], to: "\(folder)/\(name)") }
            var hyperparameters = example.hyperparameters
            if hyperparameters["sagemaker_submit_directory"] == "FOLDER" {
                hyperparameters["sagemaker_submit_directory"] = folder
            }
            do {
                _ = try ScriptLauncher(plan(hyperparameters), rank: 0, base: "/opt/ml", cores: 5)
                Issue.record("no error")
            } catch let error as LockstepError {
                for word in example.words { #expect(error.message.contains(word), "\(error)") }
                #expect(error.code.isUsersToFix)
            }
        }
    }

    /// Longer than the 100 bytes that a tar header has for a name.
    private static let long =
        String(repeating: "long", count: 15) + "/" + String(repeating: "path", count: 15)

    private func makeSource(_ folder: String) throws {
        try FileSystem.createFolder(folder + "/source/helpers/" + Self.long)
        let script =
            "import json, os, sys, helper, lockstep\n"
            + "print(json.dumps([sys.argv, helper.value, os.getcwd(), lockstep.resume(), __file__]))\n"
        try AtomicFile.write([UInt8](script.utf8), to: folder + "/source/main.py")
        try AtomicFile.write([UInt8]("value = 7\n".utf8), to: folder + "/source/helper.py")
        let deep = folder + "/source/helpers/" + Self.long + "/x.txt"
        try AtomicFile.write([1, 2, 3], to: deep)
    }

    private func plan(
        _ hyperparameters: [String: String], hosts: Int = 1, channels: [String] = [],
        environment: [String: String] = [:], kind: ProgramKind = .script
    ) -> ProgramPlan {
        Self.plan(hyperparameters, hosts: hosts, channels: channels, environment: environment, kind: kind)
    }

    private func run(_ launcher: ScriptLauncher, base: String, output: String) throws -> PythonRun {
        try Self.run(launcher, base: base, output: output)
    }

    /// Runs what a launcher says, in a tree that stands for /opt/ml.
    static func run(
        _ launcher: ScriptLauncher, base: String, output: String, environment: [String: String] = [:]
    ) throws -> PythonRun {
        try FileSystem.createFolder(base + "/output")
        try launcher.unpackCode(into: base + "/code")
        try PythonPackage.install(base: base)
        let pid = try PythonRun.start(
            launcher.arguments, environment: launcher.environment.merging(environment) { $1 },
            directory: launcher.directory, output: output)
        return try PythonRun.wait(pid, output: output)
    }

    @Test(
        "a script runs from a folder, and from archives of each format",
        arguments: [
            "folder", "ustar", "gnu", "pax",
        ])
    func runs(_ form: String) throws {
        try withFolder { folder in
            try makeSource(folder)
            var location = folder + "/source"
            if form != "folder" {
                location = folder + "/sourcedir.tar.gz"
                let words = ["tar", "--format", form, "-czf", location, "-C", folder + "/source", "."]
                let log = folder + "/tar.txt"
                #expect(
                    try PythonRun.wait(PythonRun.start(words, environment: [:], output: log), output: log)
                        .status == 0)
            }
            let base = folder + "/ml"
            let plan = plan([
                "sagemaker_program": "main.py", "sagemaker_submit_directory": location, "epochs": "3",
                "text": "a \"b\"",
            ])
            let launcher = try ScriptLauncher(plan, rank: 0, base: base, cores: 1)
            let run = try run(launcher, base: base, output: folder + "/log")
            #expect(run.status == 0)
            #expect(
                run.output == "[[\"main.py\", \"--epochs\", \"3\", \"--text\", \"a \\\"b\\\"\"], 7, "
                    + "\"\(base)/code\", null, \"\(base)/code/main.py\"]\n")
            let deep = base + "/code/helpers/" + Self.long + "/x.txt"
            #expect(try AtomicFile.read(deep) == [1, 2, 3])
        }
    }

    @Test("a shell script gets its words unharmed")
    func shell() throws {
        try withFolder { folder in
            let script = "#!/bin/sh\nprintf '%s|' \"$@\"\n"
            try AtomicFile.write([UInt8](script.utf8), to: folder + "/run.sh")
            let base = folder + "/ml"
            let plan = plan([
                "sagemaker_program": "run.sh", "sagemaker_submit_directory": folder + "/run.sh",
                "text": "it's \"so\" $HOME;",
            ])
            let launcher = try ScriptLauncher(plan, rank: 0, base: base, cores: 1)
            #expect(
                try run(launcher, base: base, output: folder + "/log").output == "--text|it's \"so\" $HOME;|")
        }
    }

    @Test("what pip cannot install ends the program with a reason")
    func requirements() throws {
        try withFolder { folder in
            try makeSource(folder)
            try AtomicFile.write([UInt8]("./no-such-package\n".utf8), to: folder + "/source/requirements.txt")
            let base = folder + "/ml"
            let launcher = try ScriptLauncher(
                plan(["sagemaker_program": "main.py", "sagemaker_submit_directory": folder + "/source"]),
                rank: 0,
                base: base, cores: 1)
            #expect(try run(launcher, base: base, output: folder + "/log").status == 1)
            let failure = String(decoding: try AtomicFile.read(base + "/output/failure"), as: UTF8.self)
            #expect(failure.hasPrefix("InstallRequirementsError: "))
        }
    }
}
