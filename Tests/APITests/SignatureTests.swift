import Foundation
import JSON
import RequestSigning
import SageMakerShapes
import Testing

@Suite("Signatures")
struct SignatureTests {
    private static let key = AccessKey(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "a-secret+of/an=example")
    private static let now = 1_795_608_000.0

    private static func request(_ body: String = "{}", target: String = "/") -> SignableRequest {
        SignableRequest(
            method: "POST", target: target,
            headers: [
                ("Host", "127.0.0.1:7460"), ("X-Amz-Target", "SageMaker.ListTrainingJobs"),
                ("Content-Type", "application/x-amz-json-1.1"),
            ], body: Array(body.utf8))
    }

    private static func signed(_ request: SignableRequest, at time: Double = now) -> SignableRequest {
        var request = request
        request.headers += RequestSigner(key).headers(for: request, at: time)
        return request
    }

    private static func fault(_ request: SignableRequest, key: AccessKey = key) -> SignatureFault? {
        do throws(SignatureFault) {
            try SignatureCheck(request, at: now).verify(request, with: key)
            return nil
        } catch { return error }
    }

    @Test("a canonical request has one form whatever blanks, order and case")
    func canonical() {
        let request = SignableRequest(
            method: "GET", target: "/a//b/./../c d/%20?b=2&a=1&a=0&c",
            headers: [("Host", "h"), ("My-Header", "  a   b "), ("my-header", "c")], body: [])
        #expect(
            request.canonical(signed: ["host", "my-header"]) == """
                GET
                /a/c%20d/%2520
                a=0&a=1&b=2&c=
                host:h
                my-header:a b,c

                host;my-header
                e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                """)
    }

    @Test("what was signed is verified; what was changed afterwards is not")
    func changes() {
        let good = Self.signed(Self.request())
        #expect(Self.fault(good) == nil)
        var body = good
        body.body = Array("{ }".utf8)
        var path = good
        path.target = "/?x=1"
        var header = good
        header.headers[1].value = "SageMaker.CreateTrainingJob"
        for changed in [body, path, header] { #expect(Self.fault(changed) == .wrong) }
        let other = AccessKey(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "another")
        #expect(Self.fault(good, key: other) == .wrong)
        var added = good
        added.headers.append(("X-Amz-Other", "1"))
        #expect(Self.fault(added) == .incomplete("its SignedHeaders leave out x-amz-other"))
    }

    @Test("clocks may differ by five minutes", arguments: [-299, 299, -301, 301, -86_400 * 400])
    func clocks(_ offset: Int) {
        let time = Self.now + Double(offset)
        let fault = Self.fault(Self.signed(Self.request(), at: time))
        let expired = SignatureFault.expired(signed: SigningTime.text(time), now: SigningTime.text(Self.now))
        #expect(fault == (abs(offset) <= 300 ? nil : expired))
    }

    @Test(
        "a header that is none is named",
        arguments: [
            ("", "does not begin with"), ("AWS4-HMAC-SHA256 ", "no Credential"),
            ("Bearer abc", "does not begin with"),
            ("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host", "no Signature"),
            ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00", "no KEY/DAY/REGION"),
            (
                "AWS4-HMAC-SHA256 Credential=a/20000101/r/s/aws4_request, SignedHeaders=host, Signature=00",
                "another day"
            ),
        ])
    func incomplete(_ text: String, _ part: String) {
        var request = Self.request()
        request.headers += [("X-Amz-Date", SigningTime.text(Self.now)), ("Authorization", text)]
        guard case .incomplete(let what) = Self.fault(request) else {
            Issue.record("\(String(describing: Self.fault(request)))")
            return
        }
        #expect(what.contains(part))
        #expect(Self.fault(Self.request()) == .missing)
    }

    @Test("botocore signs the same", .enabled(if: Installed.boto3, "boto3 is not installed"))
    func botocore() async throws {
        let script = """
            import json
            from botocore import auth, awsrequest, credentials
            key = credentials.Credentials("\(Self.key.accessKeyID)", "\(Self.key.secretAccessKey)")
            for url in ("http://127.0.0.1:7460/", "http://127.0.0.1:7460/a%20b/?y=2&x=%2F1&x=0"):
                request = awsrequest.AWSRequest("POST", url, data=b"{}", headers={
                    "X-Amz-Target": "SageMaker.ListTrainingJobs",
                    "Content-Type": "application/x-amz-json-1.1"})
                auth.SigV4Auth(key, "sagemaker", "us-east-1").add_auth(request)
                print(json.dumps({"authorization": request.headers["Authorization"],
                                  "date": request.headers["X-Amz-Date"]}))
            """
        let result = try await ProgramResult.of(
            "python3", ["-c", script], environment: LiveServer.environment(endpoint: "http://127.0.0.1"))
        try #require(result.isSuccess, "\(result.error)")
        let answers = try result.output.split(separator: "\n").map { try JSONValue(parsing: Data($0.utf8)) }
        try #require(answers.count == 2)
        for (answer, target) in zip(answers, ["/", "/a%20b/?y=2&x=%2F1&x=0"]) {
            let date = try #require(answer["date"]?.string)
            let time = try #require(SigningTime.seconds(date))
            let own = RequestSigner(Self.key).headers(for: Self.request(target: target), at: time)
            #expect(own.map(\.value) == [date, answer["authorization"]?.string])
        }
    }
}
