import ClusterTypes
import ControlChannel
import Diagnostics
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct ControlChannelTests {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `messages come in order, both ways`() async throws {
        try await withEcho { port, token in
            let echoed = try await ControlClient.withConnection(
                host: "127.0.0.1", port: port, token: token, peer: "the echo"
            ) { peer, inbox in
                for sequence in 1...300 {
                    peer.send(.heartbeat(sequence: UInt64(sequence), hotStateBytes: 0))
                }
                var echoed: [ControlMessage] = []
                while echoed.count < 300, let message = try await inbox.next() { echoed.append(message) }
                return echoed
            }
            #expect(echoed == (1...300).map { .heartbeat(sequence: $0, hotStateBytes: 0) })
        }
    }

    @Test func `a wrong token is refused in one clear sentence`() async throws {
        try await withEcho { port, _ in
            let error = await #expect(throws: LockstepError.self) {
                try await ControlClient.withConnection(
                    host: "127.0.0.1", port: port, token: ControlToken("another token altogether"),
                    peer: "the coordinator at 127.0.0.1:\(port)"
                ) { _, inbox in _ = try await inbox.next() }
            }
            #expect(error?.code == .denied)
            #expect(
                error?.message == "the coordinator at 127.0.0.1:\(port) refused the token: "
                    + "it is not the token of this cluster")
        }
    }

    @Test func `the token itself never crosses the wire`() throws {
        let token = try ControlToken("a token that must stay secret")
        _ = token
        for message in WireTests.messages {
            #expect(!String(decoding: message.encoded(), as: UTF8.self).contains("secret"))
        }
    }

    @Test func `bytes of another protocol end that connection only`() async throws {
        try await withEcho { port, token in
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            try await channel.closeFuture.get()
            let answer = try await ControlClient.withConnection(
                host: "127.0.0.1", port: port, token: token, peer: "the echo"
            ) { peer, inbox in
                peer.send(.heartbeat(sequence: 1, hotStateBytes: 0))
                return try await inbox.next()
            }
            #expect(answer == .heartbeat(sequence: 1, hotStateBytes: 0))
        }
    }

    @Test func `a taken port and a port where nobody listens are told in words`() async throws {
        let token = try ControlToken(ControlToken.random())
        try await withEcho { port, _ in
            let taken = await #expect(throws: LockstepError.self) {
                _ = try await ControlServer.bind(
                    host: "127.0.0.1", port: port, token: token, logger: Self.quiet)
            }
            #expect(taken?.code == .conflict)
            #expect(taken?.message.contains("127.0.0.1:\(port) is taken by another process") == true)
        }
        let nobody = await #expect(throws: LockstepError.self) {
            try await ControlClient.withConnection(
                host: "127.0.0.1", port: 1, token: token, peer: "the coordinator at 127.0.0.1:1"
            ) { _, _ in }
        }
        #expect(nobody?.code == .network)
        #expect(nobody?.message == "cannot reach the coordinator at 127.0.0.1:1")
    }

    @Test(arguments: ["", "short", "   \n"])
    func `a token file without a token is named`(text: String) async throws {
        try await withScratchFolder { folder in
            let path = folder + "/token"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o600)
            let error = #expect(throws: LockstepError.self) { _ = try ControlToken(file: path) }
            #expect(error?.code == .usage && error?.message.hasPrefix(path) == true)
        }
    }

    /// A server that returns every message.
    private func withEcho(_ body: (Int, ControlToken) async throws -> Void) async throws {
        let token = try ControlToken(ControlToken.random())
        let server = try await ControlServer.bind(
            host: "127.0.0.1", port: 0, token: token, logger: Self.quiet)
        let serving = Task {
            try await server.serve { peer, inbox in
                while let message = try await inbox.next() { peer.send(message) }
            }
        }
        do {
            try await body(server.port, token)
        } catch {
            serving.cancel()
            throw error
        }
        serving.cancel()
        _ = await serving.result
    }
}
