/// Region and service of the client's credentials, in
/// `… Credential=KEY/20261120/us-east-1/sagemaker/aws4_request, …`.
///
/// They are read whether or not anybody checks the signature.
struct CredentialScope: Equatable {
    let region: String
    let service: String

    /// - Parameter authorization: the header of that name; `nil` when it has no such scope.
    init?(_ authorization: String) {
        guard let credential = authorization.split(separator: "Credential=", maxSplits: 1).last else {
            return nil
        }
        let scope = credential.prefix { $0 != "," }.split(separator: "/")
        guard scope.count == 5, scope[4] == "aws4_request" else { return nil }
        let isPlain = scope[2...3].allSatisfy { part in
            part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        guard isPlain else { return nil }
        region = String(scope[2])
        service = String(scope[3])
    }
}
