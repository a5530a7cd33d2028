import Diagnostics
import ObjectStores
import Testing

@Suite struct S3SettingsTests {
    private static let files = [
        "/home/u/.aws/credentials":
            "[default]\naws_access_key_id = A\naws_secret_access_key=B\n[lab]\naws_access_key_id=C\n"
            + "aws_secret_access_key = D\naws_session_token = E\n",
        "/home/u/.aws/config":
            "[default]\nregion = eu-west-1\n# endpoint_url = http://no\n[profile lab]\n"
            + "endpoint_url = http://store:9000/\n",
    ]

    private static func settings(_ variables: [String: String]) throws -> S3Settings {
        try S3Settings(environment: variables.merging(["HOME": "/home/u"]) { $1 }) { files[$0] }
    }

    @Test func `variables come before files, and S3's own endpoint before the general one`() throws {
        let plain = try Self.settings([:])
        #expect(plain.keys == S3Keys(id: "A", secret: "B") && plain.region == "eu-west-1")
        #expect(plain.endpoint == "https://s3.eu-west-1.amazonaws.com")
        let lab = try Self.settings(["AWS_PROFILE": "lab"])
        #expect(lab.keys == S3Keys(id: "C", secret: "D", token: "E") && lab.endpoint == "http://store:9000")
        let own = try Self.settings([
            "AWS_ENDPOINT_URL": "http://general", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5000/",
            "AWS_REGION": "r", "AWS_DEFAULT_REGION": "d", "AWS_ACCESS_KEY_ID": "I",
            "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "",
        ])
        #expect(own.endpoint == "http://127.0.0.1:5000" && own.region == "r")
        #expect(own.keys == S3Keys(id: "I", secret: "S"))
    }

    @Test(arguments: [
        (["AWS_ACCESS_KEY_ID": "I"], "AWS_SECRET_ACCESS_KEY"),
        (["AWS_PROFILE": "none"], "AWS_PROFILE is none"),
        (["AWS_ENDPOINT_URL": "store:9000"], "the S3 endpoint is store:9000"),
    ])
    func `halves are refused`(_ variables: [String: String], _ words: String) throws {
        let error = #expect(throws: LockstepError.self) { try Self.settings(variables) }
        #expect(error?.code == .configuration && error?.message.contains(words) == true)
    }

    @Test(arguments: ["s3://", "s3://a/b", "s3://Bucket/x", "s3://-abc", "file:///x", "s3:///x"])
    func `places that are none`(_ uri: String) throws {
        let error = #expect(throws: LockstepError.self) { try S3Location(uri, field: "S3Uri") }
        #expect(error?.message.hasPrefix("S3Uri is \(uri)") == true)
    }

    @Test func `places`() throws {
        #expect(
            try S3Location("s3://my.bucket-1/a//b/", field: "x")
                == S3Location(bucket: "my.bucket-1", key: "a//b/"))
        #expect(try S3Location("s3://bucket", field: "x").uri == "s3://bucket/")
    }
}
