import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import RequestSigning
import SageMakerShapes

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes, lists and revokes keys that sign requests; shows the key that checks certificates.",
        discussion: """
            Over the loopback the user who runs the coordinator, and root, need no key. Everybody else does: \
            other users of the coordinator's machine, the jobs that run as one of them, and whoever comes \
            over the network. Keys lie in keys.json in the coordinator's data folder, so run this command \
            where the coordinator is, as its user or as root. A change counts from the next request on.

            Examples:
              lockstep keys create --name laptop
              lockstep keys create --data-dir /var/lib/lockstep/coordinator
              lockstep keys public > certificate.pub
            """,
        subcommands: [Create.self, List.self, Revoke.self, Public.self])

    /// Where the keys are.
    struct Place: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Folder of the cluster or of its coordinator (default: \(HomeFolder.rule)).",
                valueName: "folder"))
        var dataDir: String?

        /// The folder of `lockstep up` holds the coordinator's; other coordinators have one of their own.
        func file() throws -> AccessKeyFile {
            let folder = URL(fileURLWithPath: dataDir ?? ClusterFolder.defaultPath).standardized.path
            let own = folder + "/coordinator"
            let isCluster = dataDir == nil || FileManager.default.fileExists(atPath: own)
            return AccessKeyFile(coordinatorFolder: isCluster ? own : folder)
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key and shows its secret, this once.")

        @OptionGroup var place: Place
        @Option(help: "Who is to have it, for the list.")
        var name: String?
        @Option(help: "Form of the output: text or json.")
        var output = OutputFormat.text

        func run() throws {
            let key = try place.file().create(name: name)
            switch output {
            case .json: try OutputFormat.printJSON(key)
            case .text:
                StandardStreams.output(
                    """
                    export LOCKSTEP_ACCESS_KEY_ID=\(key.accessKeyID)
                    export LOCKSTEP_SECRET_ACCESS_KEY=\(key.secretAccessKey)
                    """)
                StandardStreams.error(
                    "The secret is not shown again. `lockstep env` prints the variables for AWS's clients.")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the keys, without their secrets.")

        @OptionGroup var place: Place
        @Option(help: "Form of the output: text or json.")
        var output = OutputFormat.text

        private struct Row: Encodable {
            var accessKeyID: String
            var name: String?
            var createDate: Double
            enum CodingKeys: String, CodingKey {
                case accessKeyID = "AccessKeyId"
                case name = "Name"
                case createDate = "CreateDate"
            }
        }

        func run() throws {
            let keys = try place.file().keys()
            switch output {
            case .json:
                try OutputFormat.printJSON(
                    keys.map {
                        Row(accessKeyID: $0.accessKeyID, name: $0.name, createDate: $0.creationTime)
                    })
            case .text:
                if keys.isEmpty { return StandardStreams.output("there are no keys") }
                var table = TextTable([("KEY", .left), ("CREATED", .left), ("NAME", .left)])
                for key in keys {
                    let date = Date(timeIntervalSince1970: key.creationTime).ISO8601Format()
                    table.add([key.accessKeyID, date, key.name ?? ""])
                }
                StandardStreams.output(table.text)
            }
        }
    }

    struct Public: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the public key with which `verify` checks what the cluster has signed.",
            discussion: "It is no secret: whoever has it can check, and cannot sign.")

        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            let key = try await cluster.withClient { try await $0.publicKey() }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(PublicKeyResponse(publicKey: key))
            case .text: StandardStreams.output(key)
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a key: requests signed with it are refused from now on.")

        @Argument(help: "The key's id.")
        var id: String
        @OptionGroup var place: Place

        func run() throws {
            try place.file().revoke(id)
            StandardStreams.output("\(id) is revoked")
        }
    }
}
