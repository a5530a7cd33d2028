/// A name of its own type: it prints, sorts and is stored as its text.
public protocol PlainName: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
    var rawValue: String { get }
    init(_ rawValue: String)
}

extension PlainName {
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
    public var description: String { rawValue }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Name of a job, unique in a cluster until the job is deleted.
public struct JobName: PlainName {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Whether `text` may name a job: 1 to 63 letters, digits and inner hyphens, as SageMaker has it.
    public static func isWellFormed(_ text: String) -> Bool {
        let letters = text.utf8
        return (1...63).contains(letters.count) && letters.first != 0x2D && letters.last != 0x2D
            && letters.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == 0x2D
            }
    }
}

/// Name of a worker daemon, unique in a cluster and kept over its restarts.
public struct WorkerID: PlainName {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }
}

/// One run of a job; attempts of a job count from 1.
public struct AttemptID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let job: JobName
    public let number: Int
    public init(job: JobName, number: Int) {
        self.job = job
        self.number = number
    }
    public var description: String { "\(job)/\(number)" }
}
