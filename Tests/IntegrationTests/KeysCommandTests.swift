import Foundation
import Testing

/// `lockstep keys` and `lockstep env`, as built.
@Suite struct KeysCommandTests {
    @Test func `keys are made, listed without their secrets, used by env, and revoked`() throws {
        try withTemporaryFolder { folder in
            let home = ["LOCKSTEP_HOME": folder.path, "AWS_ACCESS_KEY_ID": "", "LOCKSTEP_ACCESS_KEY_ID": ""]
            func lockstep(_ words: [String]) throws -> Program.Outcome {
                try Program.run("lockstep", words, in: folder, environment: home)
            }
            #expect(try lockstep(["keys", "list"]).output.contains("there are no keys"))
            let made = try lockstep(["keys", "create", "--name", "laptop", "--output", "json"])
            let key = try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any]
            let id = try #require(key?["AccessKeyId"] as? String)
            let secret = try #require(key?["SecretAccessKey"] as? String)
            let list = try lockstep(["keys", "list"]).output
            #expect(list.contains(id) && list.contains("laptop") && !list.contains(secret))
            let variables = try lockstep(["env", "--endpoint", "http://10.0.0.1:7460"]).output
            for line in [
                "export AWS_ENDPOINT_URL_SAGEMAKER='http://10.0.0.1:7460'",
                "export AWS_ACCESS_KEY_ID='\(id)'",
                "export AWS_SECRET_ACCESS_KEY='\(secret)'", "export AWS_DEFAULT_REGION='us-east-1'",
            ] { #expect(variables.contains(line), "\(variables)") }
            #expect(try lockstep(["keys", "revoke", id]).status == 0)
            let again = try lockstep(["keys", "revoke", id])
            #expect(again.status == 66 && again.error.contains("there is no key \(id)"))
        }
    }
}
