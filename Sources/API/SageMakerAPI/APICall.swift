public import JSON
import SageMakerShapes

/// One request to the API, as its handler gets it.
public struct APICall: Sendable {
    /// Its members.
    public var body: JSONValue
    /// The request as received, where that is JSON.
    public var bodyText: String
    /// The member that is the whole body and no members, as the input of an endpoint.
    public var payload: [UInt8]?
    /// Twelve digits.
    public var accountID: String
    /// Region of the client's credentials; ARNs carry it.
    public var region: String
    public var caller: APICaller
    /// Constant over the retries of one call.
    public var invocationID: String?

    public init(
        body: JSONValue, bodyText: String, payload: [UInt8]? = nil, accountID: String, region: String,
        caller: APICaller, invocationID: String? = nil
    ) {
        self.body = body
        self.bodyText = bodyText
        self.payload = payload
        self.accountID = accountID
        self.region = region
        self.caller = caller
        self.invocationID = invocationID
    }

    /// ARN of something of SageMaker's: `resource` is `training-job/NAME`.
    public func arn(_ resource: String) -> String {
        "arn:aws:sagemaker:\(region):\(accountID):\(resource)"
    }

    func logStreamArn(_ name: String) -> String {
        "arn:aws:logs:\(region):\(accountID):log-group:\(TrainingLogs.group):log-stream:\(name)"
    }
}

/// Who makes a call.
public struct APICaller: Sendable, Equatable {
    /// Name of the caller's key; where none is needed, `user NUMBER` or the caller's address.
    public var name: String
    /// Id of the key that the request is signed with; `nil` where none is needed.
    public var accessKeyID: String?

    public init(name: String, accessKeyID: String? = nil) {
        self.name = name
        self.accessKeyID = accessKeyID
    }
}
