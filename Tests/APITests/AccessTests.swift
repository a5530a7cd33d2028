import APIClient
import Diagnostics
import Foundation
import JSON
import RequestSigning
import SageMakerAPI
import SageMakerShapes
import Testing

/// Who may call: keys, users of this machine, and an API that everybody may use.
@Suite("Access")
struct AccessTests {
    /// A folder with one key, and a server that knows it.
    private func withKey(
        _ body: @escaping @Sendable (String, AccessKey, AccessKeyFile) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = AccessKeyFile(coordinatorFolder: folder)
        let key = try file.create(name: "test")
        try await LiveServer.with(FakeJobService(), access: APIAccess(coordinatorFolder: folder)) { url in
            try await body(url, key, file)
        }
    }

    @Test("keys lie in a file of their own, which nobody else may read")
    func file() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = AccessKeyFile(coordinatorFolder: folder)
        #expect(try file.keys().isEmpty)
        let first = try file.create(name: "a")
        let second = try file.create(name: nil)
        #expect(first.accessKeyID != second.accessKeyID && first.secretAccessKey.count == 40)
        #expect(try AccessKeyFile(coordinatorFolder: folder).keys() == [first, second])
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try file.revoke(first.accessKeyID)
        #expect(try file.keys() == [second])
        let unknown = #expect(throws: LockstepError.self) { try file.revoke(first.accessKeyID) }
        #expect(unknown?.code == .notFound)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        let open = #expect(throws: LockstepError.self) { try file.keys() }
        #expect(open?.code == .denied && open?.message.contains("chmod 600") == true)
    }

    @Test(
        "an API that others reach does not start without a key or --insecure",
        arguments: [
            ("0.0.0.0", false), ("10.0.0.1", false), ("::", false), ("a.example", false), ("127.0.0.1", true),
            ("::1", true), ("localhost", true), ("127.1.2.3", true),
        ])
    func listening(_ host: String, _ isAllowed: Bool) throws {
        let bare = APIAccess(coordinatorFolder: "/nowhere/cluster")
        if isAllowed {
            try bare.check(host: host)
        } else {
            let error = #expect(throws: LockstepError.self) { try bare.check(host: host) }
            #expect(error?.code == .usage)
            #expect(error?.message.contains("lockstep keys create --data-dir /nowhere/cluster") == true)
        }
        try APIAccess(isInsecure: true).check(host: host)
    }

    @Test(
        "another user needs a key of the cluster", .enabled(if: geteuid() == 0, "only root has other users"))
    func otherUser() async throws {
        try await withKey { url, key, file in
            func boto3(_ id: String, _ secret: String) async throws -> ProgramResult {
                // The files of this package may be closed to the other user, so it gets the source on a pipe.
                try await ProgramResult.of(
                    "python3", ["-c", Self.signedCall, url, id, secret],
                    environment: LiveServer.environment(endpoint: url))
            }
            let unsigned = try await boto3("", "")
            #expect(unsigned.output.hasPrefix("403 MissingAuthenticationTokenException"), "\(unsigned)")
            #expect(unsigned.output.contains("of user 65534"))
            let unknown = try await boto3("any", "any")
            #expect(unknown.output.contains("UnrecognizedClientException"), "\(unknown)")
            let wrong = try await boto3(key.accessKeyID, "wrong")
            #expect(wrong.output.contains("InvalidSignatureException"), "\(wrong)")
            let good = try await boto3(key.accessKeyID, key.secretAccessKey)
            #expect(good.output.hasPrefix("200 "), "\(good)")
            try file.revoke(key.accessKeyID)
            let revoked = try await boto3(key.accessKeyID, key.secretAccessKey)
            #expect(revoked.output.contains("UnrecognizedClientException"), "\(revoked)")
            let health = try await RawClient.answer(url, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", [])
            #expect(health.contains("ok"))
        }
    }

    @Test(
        "a request whose sender is gone is nobody's",
        .enabled(if: geteuid() == 0, "only root has other users"))
    func orphan() async throws {
        let service = FakeJobService()
        try await LiveServer.with(service) { url in
            for _ in 0..<20 {
                let result = try await ProgramResult.of(
                    "python3", ["-c", Self.hastyCall, url, try Requests.create("forged").text()],
                    environment: LiveServer.environment(endpoint: url))
                #expect(result.isSuccess, "\(result.error)")
            }
            #expect(try await service.jobs().isEmpty)
        }
    }

    @Test("the command line's client signs what it sends")
    func client() async throws {
        try await withKey { url, key, _ in
            let environment = [
                "LOCKSTEP_ACCESS_KEY_ID": key.accessKeyID, "LOCKSTEP_SECRET_ACCESS_KEY": key.secretAccessKey,
                "AWS_REGION": "eu-west-1",
            ]
            let endpoint = try APIEndpoint.find(
                option: url, environment: environment, accountHome: "/nowhere")
            #expect(endpoint.key?.accessKeyID == key.accessKeyID && endpoint.region == "eu-west-1")
            let created = try await APIClient.with(endpoint) {
                try await $0.createTrainingJob(Requests.create("job"))
            }
            #expect(created.trainingJobArn.contains(":eu-west-1:"))
        }
    }

    /// Calls ListTrainingJobs as user 65534, signed where there is a key; prints status and answer.
    private static let signedCall = """
        import http.client, sys
        from botocore import auth, awsrequest, credentials
        import os
        os.setgid(65534); os.setuid(65534)
        url, key, secret = sys.argv[1:]
        request = awsrequest.AWSRequest("POST", url + "/", data=b"{}", headers={
            "X-Amz-Target": "SageMaker.ListTrainingJobs", "Content-Type": "application/x-amz-json-1.1"})
        if key:
            auth.SigV4Auth(credentials.Credentials(key, secret), "sagemaker", "us-east-1").add_auth(request)
        connection = http.client.HTTPConnection(url[len("http://"):])
        connection.request("POST", "/", b"{}", dict(request.headers))
        answer = connection.getresponse()
        print(answer.status, answer.headers.get("x-amzn-ErrorType"), answer.read().decode())
        """

    /// Sends a CreateTrainingJob as user 65534 and closes the socket before the server can have looked.
    private static let hastyCall = """
        import os, socket, sys
        os.setgid(65534); os.setuid(65534)
        host, port = sys.argv[1][len("http://"):].split(":")
        body = sys.argv[2].encode()
        head = f"POST / HTTP/1.1\\r\\nHost: {host}\\r\\nX-Amz-Target: SageMaker.CreateTrainingJob\\r\\n" \\
            f"Content-Length: {len(body)}\\r\\n\\r\\n"
        connection = socket.create_connection((host, int(port)))
        connection.sendall(head.encode() + body)
        connection.close()
        """
}
