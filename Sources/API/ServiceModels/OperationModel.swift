/// An operation of a service's model.
public struct OperationModel: Sendable, Decodable {
    /// `POST`.
    public let method: String
    /// Path and query with labels: `/endpoints/{EndpointName}/invocations`.
    public let uri: String
    /// Status of a good answer.
    public let status: Int
    /// Name of the request's shape; `nil`: it has no members.
    public let input: String?
    /// What is around the request in XML.
    public let inputElement: String?
    public let inputNamespace: Shape.XMLNamespace?
    /// Name of the answer's shape; `nil`: it has no members.
    public let output: String?
    /// Around the answer's members in the Query protocol.
    public let outputWrapper: String?
    /// Names of the shapes of its errors.
    public let errors: [String]

    private struct HTTP: Decodable {
        let method: String
        let requestUri: String
        let responseCode: Int?
    }

    private struct Side: Decodable {
        let shape: String
        let locationName: String?
        let resultWrapper: String?
        let xmlNamespace: Shape.XMLNamespace?
    }

    enum CodingKeys: String, CodingKey { case http, input, output, errors }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let http = try container.decodeIfPresent(HTTP.self, forKey: .http)
        method = http?.method ?? "POST"
        uri = http?.requestUri ?? "/"
        status = http?.responseCode ?? 200
        let input = try container.decodeIfPresent(Side.self, forKey: .input)
        self.input = input?.shape
        inputElement = input?.locationName
        inputNamespace = input?.xmlNamespace
        let output = try container.decodeIfPresent(Side.self, forKey: .output)
        self.output = output?.shape
        outputWrapper = output?.resultWrapper
        errors = try container.decodeIfPresent([String].self, forKey: .errors) ?? []
    }
}
