/// The body of an error answer.
public struct APIErrorBody: Codable, Sendable, Equatable {
    /// SageMaker's error name, `ValidationException`.
    public var type: String
    public var message: String
    /// Lockstep's own error code, which tells more than SageMaker's name; other clients ignore it.
    public var code: String?
    public init(type: String, message: String, code: String?) {
        self.type = type
        self.message = message
        self.code = code
    }
    enum CodingKeys: String, CodingKey {
        case type = "__type"
        case message = "Message"
        case code = "LockstepCode"
    }
}
