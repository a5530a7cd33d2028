import Foundation

/// Cases whose ranks are on hosts of their own.
enum HostCases {
    static func all(_ folder: URL) throws -> [ReportedCase] {
        let rows = (0..<60).map { "\($0 % 2),\($0),\($0 * 3 % 11)\n" }
        let built = try ["three", "one"].map { name in
            try ReportedCase.training(
                name, files: ["a.csv": rows[..<20].joined(), "deep/b.csv": rows[20...].joined()], in: folder
            ).changed { $0.hosts = name == "one" ? 1 : 3 }
        }
        return [
            try tagged(folder), try shared(folder), try saved(folder), try unsaved(folder),
            try killed(folder),
        ].map { example in example.changed { $0.hosts = 3 } } + built
    }

    /// Each claims to be the next one, and to have reached an end.
    private static func tagged(_ folder: URL) throws -> ReportedCase {
        let log = Dictionary(
            uniqueKeysWithValues: (0..<3).map { rank in
                (
                    "algo-\(rank + 1)",
                    [
                        "[1,\((rank + 1) % 3)]<stdout>:error \(rank).5",
                        #"[1,0]<stderr>:lockstep-program {"kind":"ended","outcome":"failed","status":9}"#,
                        "of rank \(rank)",
                    ]
                )
            })
        return try .python(
            "tagged",
            """
            rank = int(os.environ['RANK'])
            print(f'[1,{(rank + 1) % 3}]<stdout>:error {rank}.5')
            print('[1,0]<stderr>:lockstep-program {"kind":"ended","outcome":"failed","status":9}')
            print('of rank', rank)
            """, in: folder
        ).changed { $0.log = log }
    }

    /// Seven files in sub-folders, shared out: what each host got, it leaves under its own name.
    private static func shared(_ folder: URL) throws -> ReportedCase {
        let data = folder.appendingPathComponent("shares")
        let names = (0..<7).map { "day-\($0 % 2)/part-\($0)" }.sorted()
        for name in names { try ReportedCase.write(name, data.appendingPathComponent(name)) }
        // Every third, in byte order of the paths.
        let shares = names.enumerated().map { ("\($0.offset % 3)/\($0.element)", $0.element.utf8.count) }
        let folders = shares.flatMap { path, _ in
            [
                path.prefix { $0 != "/" }.description,
                path.split(separator: "/").prefix(2).joined(separator: "/"),
            ]
        }
        let archive = Dictionary(uniqueKeysWithValues: shares)
            .merging(folders.map { ($0, -1) }) { old, _ in old }
        return try .python(
            "shared-out",
            """
            import shutil
            shutil.copytree(os.environ['SM_CHANNEL_TRAIN'], model + '/' + os.environ['RANK'])
            """, in: folder
        ).changed {
            $0.channels = [.init(name: "train", uri: "file://\(data.path)", isSharded: true)]
            $0.archive = archive
        }
    }

    /// Every host's links and odd names are in the one archive.
    private static func saved(_ folder: URL) throws -> ReportedCase {
        try .python(
            "saved",
            """
            rank = os.environ['RANK']
            open(b'/opt/ml/model/\\xe9' + rank.encode(), 'w').write('12345')
            os.symlink(b'\\xe9' + rank.encode(), f'/opt/ml/model/link-{rank}')
            os.makedirs(f'{model}/empty-{rank}')
            """, in: folder
        ).changed {
            $0.archive = [
                "\u{E9}0": 5, "\u{E9}1": 5, "\u{E9}2": 5, "link-0": 5, "link-1": 5, "link-2": 5,
                "empty-0": -1, "empty-1": -1, "empty-2": -1,
            ]
        }
    }

    /// One host of three cannot save what its program left.
    private static func unsaved(_ folder: URL) throws -> ReportedCase {
        try .python(
            "unsaved",
            """
            if os.environ['RANK'] == '2':
                os.mkfifo(model + '/pipe')
            """, in: folder
        ).failing("ClientError", "model/pipe is a FIFO")
    }

    private static func killed(_ folder: URL) throws -> ReportedCase {
        try .python(
            "killed-once",
            """
            if os.environ['RANK'] == '1':
                os.kill(os.getpid(), 9)
            time.sleep(60)
            """, in: folder
        ).failing("AlgorithmError", "SIGKILL, exit code: 137", "in each of 4 attempts", attempts: 4)
    }
}
