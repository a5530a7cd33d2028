/// What a request member may hold: its type, and the limits that SageMaker's service model gives it.
///
/// One table of shapes serves the API, which checks requests against it, and job files, which take
/// their types from it.
public indirect enum RequestShape: Sendable {
    case string(TextLimits)
    /// One of the listed words.
    case choice([String])
    case integer(from: Int?, to: Int?)
    case boolean
    /// Seconds since 1970 or ISO 8601 text.
    case timestamp
    case list(RequestShape, count: ClosedRange<Int>)
    case map(key: TextLimits, value: TextLimits, maxCount: Int)
    case structure([RequestMember])
    /// Kept and echoed as it comes.
    case anything

    /// Text without limits.
    public static let text = RequestShape.string(TextLimits())
}

/// A member of a structure.
public struct RequestMember: Sendable {
    public let name: String
    public let shape: RequestShape
    public let isRequired: Bool
    public init(_ name: String, _ shape: RequestShape, isRequired: Bool = false) {
        self.name = name
        self.shape = shape
        self.isRequired = isRequired
    }
}

/// Bounds on a text's length, and the pattern that the whole text has to match.
public struct TextLimits: Sendable {
    public let minLength: Int
    public let maxLength: Int?
    /// A regular expression without anchors.
    public let pattern: String?
    public init(_ minLength: Int = 0, _ maxLength: Int? = nil, pattern: String? = nil) {
        self.minLength = minLength
        self.maxLength = maxLength
        self.pattern = pattern
    }
}
