import Diagnostics
import NIOHTTP1

/// What S3 answers, without a body that is streamed.
struct S3Answer {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    func header(_ name: String) -> String? { headers.first(name: name) }

    /// Without its quotes.
    var version: String { (header("ETag") ?? "").filter { $0 != "\"" } }

    /// What S3 says of itself, and gives its name for, when it refuses.
    var refusal: (code: String, message: String) {
        let error = XMLElement(body).flatMap { $0.name == "Error" ? $0 : nil }
        return (error?.text("Code") ?? "", error?.text("Message") ?? "")
    }

    /// Whether it says that the call failed; some failures come with a status of 200.
    var isFailure: Bool { status >= 300 || (status == 200 && XMLElement(body)?.name == "Error") }
}

extension LockstepError {
    /// A refusal by S3, by kind.
    ///
    /// - Parameters:
    ///   - attempt: `read`, `write`.
    ///   - place: the object's URI.
    static func s3(_ attempt: String, _ place: String, _ answer: S3Answer) -> LockstepError {
        let (code, message) = answer.refusal
        let words = [code, message].filter { !$0.isEmpty }.joined(separator: ": ")
        let said = words.isEmpty ? "status \(answer.status)" : "status \(answer.status), \(words)"
        let kind: Code
        var advice = ""
        switch (answer.status, code) {
        case (_, "NoSuchBucket"): kind = .notFound
        case (_, "BadDigest"), (_, "InvalidDigest"), (_, "XAmzContentChecksumMismatch"),
            (_, "XAmzContentSHA256Mismatch"):
            kind = .damaged
        case (_, "SlowDown"), (_, "RequestTimeout"), (_, "InternalError"), (_, "ServiceUnavailable"),
            (_, "ConditionalRequestConflict"), (_, "OperationAborted"), (408, _), (429, _):
            kind = .network
        case (507, _), (_, "QuotaExceeded"), (_, "XMinioStorageFull"), (_, "XMinioStorageQuotaExceeded"):
            kind = .full
        case (_, "RequestTimeTooSkewed"):
            kind = .denied
            advice = ": set this machine's clock"
        case (401, _), (403, _): kind = .denied
        case (404, _): kind = .notFound
        case (412, _): kind = .conflict
        case (500..., _): kind = .network
        case (300..<400, _):
            kind = .configuration
            let region = answer.header("x-amz-bucket-region").map { ", its region is \($0)" } ?? ""
            advice = ": the bucket is elsewhere\(region); set AWS_REGION or AWS_ENDPOINT_URL_S3"
        case (400, _): kind = .configuration
        default: kind = .io
        }
        return LockstepError(kind, "cannot \(attempt) \(place): the store answers with \(said)\(advice)")
    }
}
