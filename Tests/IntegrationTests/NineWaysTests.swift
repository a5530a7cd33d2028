import Foundation
import Testing

/// A daemon of root's, jobs of `nobody`'s: each way by which a job once came to root's rights, tried on one
/// cluster. Programs of every kind go on working there.
@Suite(.serialized, .enabled(if: geteuid() == 0, "only root has rights to be guarded"))
struct NineWaysTests {
    private struct Way {
        let name: String
        var words: [String]?
        var algorithm: String?
        var parameters: [String: String] = [:]
        var environment: [String: String] = [:]
        var channel: String?
        var mode = "File"
        var output: String?
        var checkpoints: String?
        var hosts = 1
        var status = "Failed"
        /// What FailureReason has to say.
        var reason: [String] = []
        /// What the log has to say, and may not.
        var says: [String] = []
        var silence: [String] = []

        static func shell(_ name: String, _ script: String) -> Way {
            Way(name: name, words: ["/bin/sh", "-c", script], status: "Completed")
        }

        func request(_ folder: URL) -> [String: Any] {
            var specification: [String: Any] = ["TrainingInputMode": mode]
            specification["ContainerEntrypoint"] = words
            specification["AlgorithmName"] = algorithm
            var request: [String: Any] = [
                "TrainingJobName": name, "AlgorithmSpecification": specification,
                "RoleArn": "arn:aws:iam::000000000000:role/lockstep",
                "HyperParameters": parameters, "Environment": environment,
                "OutputDataConfig": ["S3OutputPath": "file://\(output ?? folder.path + "/output")"],
                "ResourceConfig": ["InstanceType": "local", "InstanceCount": hosts, "VolumeSizeInGB": 1],
                "StoppingCondition": ["MaxRuntimeInSeconds": 300],
            ]
            request["CheckpointConfig"] = checkpoints.map { ["S3Uri": "file://\($0)"] }
            request["InputDataConfig"] = channel.map { path in
                [
                    [
                        "ChannelName": "train", "ContentType": "text/csv",
                        "DataSource": [
                            "S3DataSource": ["S3DataType": "S3Prefix", "S3Uri": "file://\(path)"]
                        ],
                    ]
                ]
            }
            return request
        }
    }

    /// The kinds of code that a job may bring: each as nobody, without privileges to gain.
    private static var kinds: [Way] {
        let look =
            "id -u; id -g; grep -E 'NoNewPrivs|CapBnd' /proc/self/status | tr -d '\\t'; "
            + "echo secret ${CLOUD_SECRET:-kept}; echo wanted $WANTED; echo given $GIVEN; touch /etc/was-here"
        let script = Way.shell("script", look + "; echo m > /opt/ml/model/m; echo c > /opt/ml/checkpoints/c")
        var mpi = Way.shell("mpi", look + "; echo m > ${SAGEMAKER_BASE_DIR:-/opt/ml}/model/$RANK")
        mpi.environment["LOCKSTEP_PROGRAM"] = "mpi"
        mpi.hosts = 2
        // No rank of ours, and so no end that counts: but it runs as one does.
        var swift = Way.shell("swift", look + "; exit 3")
        swift.environment["LOCKSTEP_PROGRAM"] = "algorithm"
        swift.hosts = 2
        swift.status = "Failed"
        return [script, mpi, swift].map { way in
            var way = way
            way.environment["GIVEN"] = "to it"
            way.says = [
                "65534", "NoNewPrivs:1", "CapBnd:0000000000000000", "secret kept", "wanted yes",
                "given to it",
            ]
            return way
        }
    }

    /// Names that steer a loader, a shell, an interpreter or MPI reach nothing but the job's own program.
    private static func steering(_ folder: URL) throws -> [Way] {
        let marks = folder.appendingPathComponent("marks")
        try FileManager.default.createDirectory(at: marks, withIntermediateDirectories: true)
        chmod(marks.path, 0o777)
        let bin = folder.appendingPathComponent("bin")
        try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: true)
        for name in ["mpirun", "orted", "env", "sh", "lockstepd", "lockstep-train"] {
            let path = bin.appendingPathComponent(name).path
            try "#!/bin/bash\necho $(/usr/bin/id -u) \"$0\" >> \(marks.path)/$(/usr/bin/id -u)\nexit 9\n"
                .write(
                    toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o755)
        }
        let startup = bin.appendingPathComponent("startup").path
        try "echo startup >> \(marks.path)/$(/usr/bin/id -u)\n".write(
            toFile: startup, atomically: true, encoding: .utf8)
        let names = [
            "LD_PRELOAD": folder.path + "/no-library.so", "LD_LIBRARY_PATH": bin.path,
            "PATH": bin.path + ":/usr/bin:/bin", "BASH_ENV": startup, "ENV": startup,
            "OMPI_MCA_plm_rsh_agent": bin.path + "/sh", "PRTE_MCA_plm_ssh_agent": bin.path + "/sh",
            "PMIX_MCA_mca_base_component_path": bin.path, "OMPI_MCA_mca_base_component_path": bin.path,
            "LOCKSTEP_TRAIN": bin.path + "/lockstep-train", "LOCKSTEP_WORKER_FILE": startup,
            "LOCKSTEP_ATTEMPT_DIR": "/etc", "LOCKSTEP_LAUNCH_FOLDER": "/etc", "PYTHONPATH": bin.path,
        ]
        var script = Way.shell("steered-script", "echo $PATH")
        script.says = [bin.path]
        var mpi = Way.shell("steered-mpi", "echo $LD_PRELOAD")
        mpi.environment["LOCKSTEP_PROGRAM"] = "mpi"
        mpi.says = ["no-library.so"]
        var swift = Way.shell("steered-swift", "echo $LD_PRELOAD; exit 3")
        swift.environment["LOCKSTEP_PROGRAM"] = "algorithm"
        swift.says = ["no-library.so"]
        swift.status = "Failed"
        let data = folder.appendingPathComponent("data.csv")
        try (0..<60).map { "\($0 % 2),\($0),1\n" }.joined().write(to: data, atomically: true, encoding: .utf8)
        var builtIn = Way(
            name: "steered-built-in", algorithm: "linear-learner",
            parameters: ["predictor_type": "binary_classifier", "epochs": "2", "mini_batch_size": "10"],
            channel: data.path, status: "Completed", silence: ["no-library.so"])
        builtIn.hosts = 2
        return [script, mpi, swift, builtIn].map { way in
            var way = way
            way.environment.merge(names) { old, _ in old }
            return way
        }
    }

    /// What the job's user may not read or write, no daemon reads or writes for it.
    private static func forbidden(_ folder: URL, secret: String) throws -> [Way] {
        let open = folder.appendingPathComponent("open")
        try FileManager.default.createDirectory(at: open, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: open.path + "/link.csv", withDestinationPath: secret + "/token.csv")
        func read(_ name: String, _ path: String, _ mode: String) -> Way {
            var way = Way.shell(name, "cat ${SAGEMAKER_BASE_DIR:-/opt/ml}/input/data/train* || exit 4")
            (way.channel, way.mode, way.status, way.silence) = (path, mode, "Failed", ["the-secret"])
            return way
        }
        var ways = ["File", "FastFile", "Pipe"].flatMap { mode in
            var folder = read("folder-\(mode.lowercased())", secret, mode)
            folder.reason = [secret, "Permission denied", "nobody"]
            var file = read("file-\(mode.lowercased())", secret + "/token.csv", mode)
            file.reason = [secret + "/token.csv", "Permission denied"]
            return [folder, file]
        }
        ways.append(read("link-file", open.path + "/link.csv", "File"))
        ways.append(
            read("link-around", "\(open.path)/../open/..\(secret.dropFirst(folder.path.count))", "File"))
        var code = Way(
            name: "code", parameters: ["sagemaker_program": "a.py", "sagemaker_submit_directory": secret])
        code.reason = [secret, "Permission denied"]
        ways.append(code)
        var built = Way(
            name: "built-in-channel", algorithm: "linear-learner",
            parameters: ["predictor_type": "regressor"], channel: secret + "/token.csv",
            silence: ["the-secret"])
        built.reason = ["token.csv", "Permission denied"]
        ways.append(built)
        for (name, algorithm) in [("script", nil), ("built-in", "linear-learner")] as [(String, String?)] {
            var output = Way(
                name: "output-\(name)", words: algorithm == nil ? ["true"] : nil, algorithm: algorithm,
                parameters: algorithm == nil ? [:] : ["predictor_type": "regressor"],
                channel: folder.path + "/data.csv", output: "/etc/lockstep-nine-ways")
            output.reason = ["/etc/lockstep-nine-ways", "Permission denied"]
            ways.append(output)
            (output.output, output.checkpoints) = (nil, "/usr/lockstep-nine-ways")
            output = Way(
                name: "checkpoints-\(name)", words: output.words, algorithm: algorithm,
                parameters: output.parameters, channel: output.channel, checkpoints: output.checkpoints,
                reason: ["/usr/lockstep-nine-ways", "Permission denied"])
            ways.append(output)
        }
        return ways
    }

    @Test func `nine ways to root are closed, and what jobs do still works`() throws {
        setenv("CLOUD_SECRET", "of-the-operator", 1)
        setenv("WANTED", "yes", 1)
        try withTemporaryFolder { folder in
            chmod(folder.path, 0o777)
            let secret = folder.path + "/secret"
            try FileManager.default.createDirectory(
                atPath: secret, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try "1,the-secret\n".write(
                toFile: secret + "/token.csv", atomically: true, encoding: .utf8)
            chmod(secret + "/token.csv", 0o600)
            let options = ["--run-as", "nobody", "--pass-environment", "WANTED", "--grace", "2"]
            try LocalCluster.run(workers: 2, options: options, in: folder) { cluster in
                var look = Way.shell("neighbours", Self.search(folder))
                (look.says, look.silence) = (["searched"], ["found"])
                let ways =
                    try Self.kinds + Self.steering(folder) + [look]
                    + Self.forbidden(folder, secret: secret)
                for way in ways { try Self.take(way, cluster, folder) }
                try Self.take(try Self.stowaway(cluster.api, folder), cluster, folder)
                #expect(try cluster.describe("stowaway").isEmpty, "a job has submitted another one")
                let marks = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/marks")
                #expect(!marks.contains("0"), "root ran what a job brought: \(marks)")
                for path in ["/etc/lockstep-nine-ways", "/usr/lockstep-nine-ways", "/etc/was-here"] {
                    #expect(!FileManager.default.fileExists(atPath: path), "\(path) was made")
                }
            }
        }
    }

    /// Looks for files of the daemons and of other jobs that a job can read.
    private static func search(_ folder: URL) -> String {
        "find \(folder.path)/cluster /var/tmp /dev/shm -type f -readable ! -name worker.json "
            + "! -path '*/neighbours/*' ! -path '*/.bin/*' ! -path '*/.slots/*' ! -name '*.out' "
            + "! -name '*.err' "
            + "2>/dev/null | sed 's/^/found /'; echo searched"
    }

    /// Submits a job from within a job: who calls from this machine is no longer enough.
    private static func stowaway(_ api: String, _ folder: URL) throws -> Way {
        let file = folder.path + "/ship.py"
        var way = Way.shell("ship", "python3 \(file)")
        let script = """
            import json, urllib.request, urllib.error
            job = {"TrainingJobName": "stowaway", "RoleArn": "arn:aws:iam::000000000000:role/lockstep",
                "AlgorithmSpecification": {"ContainerEntrypoint": ["id"], "TrainingInputMode": "File"},
                "OutputDataConfig": {"S3OutputPath": "file://\(folder.path)/output"},
                "ResourceConfig": {"InstanceType": "local", "InstanceCount": 1, "VolumeSizeInGB": 1},
                "StoppingCondition": {"MaxRuntimeInSeconds": 60}}
            call = urllib.request.Request("\(api)/", json.dumps(job).encode(), {
                "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.CreateTrainingJob"})
            try: print("taken", urllib.request.urlopen(call).read())
            except urllib.error.HTTPError as error: print("refused", error.code)
            """
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        (way.says, way.silence) = (["refused"], ["taken"])
        return way
    }

    private static func take(_ way: Way, _ cluster: LocalCluster, _ folder: URL) throws {
        let file = folder.appendingPathComponent("\(way.name).json")
        try JSONSerialization.data(withJSONObject: way.request(folder)).write(to: file)
        let outcome = try cluster.lockstep(["submit", file.path])
        guard outcome.status == 0 else {
            // Refused at once is as good.
            for part in way.reason { #expect(outcome.error.contains(part), "\(way.name): \(outcome.error)") }
            #expect(!way.reason.isEmpty, "\(way.name): \(outcome.error)")
            return
        }
        let end = try cluster.finished(way.name)
        let reason = end["FailureReason"] as? String ?? ""
        let log = try cluster.lockstep(["jobs", "logs", way.name]).output
        #expect(end["TrainingJobStatus"] as? String == way.status, "\(way.name): \(reason) \(log)")
        for part in way.reason { #expect(reason.contains(part), "\(way.name): \(reason)") }
        for part in way.says { #expect(log.contains(part), "\(way.name) does not say \(part): \(log)") }
        for part in way.silence {
            #expect(!(log + reason).contains(part), "\(way.name) says \(part): \(log) \(reason)")
        }
        if way.status == "Completed" {
            #expect((end["Attempts"] as? [Any])?.count == 1, "\(way.name): \(end)")
        }
    }
}
