import Diagnostics

/// The layout of a channel's files.
package enum DataFormat: String, Sendable, CaseIterable {
    case csv
    case libsvm
    case recordIO = "recordio"

    /// SageMaker's media type.
    package var mediaType: String {
        switch self {
        case .csv: "text/csv"
        case .libsvm: "text/libsvm"
        case .recordIO: "application/x-recordio-protobuf"
        }
    }
}

/// Whether the first row of a CSV file names its columns.
package enum HeaderRule: String, Sendable, CaseIterable {
    /// A header is there when the first row holds no number and the second one does.
    case auto
    case present
    case absent
}

/// A ContentType taken apart: `text/csv;label_size=1;header=auto`.
struct ContentType: Equatable {
    var format: DataFormat
    /// Labels a row of CSV or libsvm, when stated.
    var labelCount: Int?
    var header = HeaderRule.auto
    var delimiter = UInt8(ascii: ",")

    private static let formats: [String: DataFormat] = [
        "text/csv": .csv, "csv": .csv,
        "text/libsvm": .libsvm, "text/x-libsvm": .libsvm, "libsvm": .libsvm,
        "application/x-recordio-protobuf": .recordIO, "x-recordio-protobuf": .recordIO,
        "recordio-protobuf": .recordIO, "recordio": .recordIO,
    ]
    private static let delimiters: [String: UInt8] = [
        "comma": UInt8(ascii: ","), "tab": UInt8(ascii: "\t"), "semicolon": UInt8(ascii: ";"),
    ]

    init(format: DataFormat) { self.format = format }

    /// - Throws: `LockstepError(.configuration)` naming the channel and the word that is wrong.
    init(_ text: String, channel: String) throws {
        func wrong(_ what: String) -> LockstepError {
            LockstepError(.configuration, "channel '\(channel)': ContentType '\(text)' \(what)")
        }
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        guard let format = Self.formats[parts[0].lowercased()] else {
            throw wrong("is not supported; use text/csv, text/libsvm or application/x-recordio-protobuf")
        }
        self.init(format: format)
        for part in parts.dropFirst() where !part.isEmpty {
            let pair = part.split(separator: "=", maxSplits: 1).map(Self.trimmed)
            guard pair.count == 2 else { throw wrong("has a parameter '\(part)' without a value") }
            let (name, value) = (pair[0].lowercased(), pair[1].lowercased())
            if name == "charset" {
                guard ["utf-8", "utf8", "us-ascii", "ascii"].contains(value) else {
                    throw wrong("names charset '\(value)'; only utf-8 is read")
                }
                continue
            }
            if name.contains("weight") {
                throw wrong("asks for weights of records ('\(name)'), which are not read; leave it out")
            }
            guard format == .csv || (format == .libsvm && name == "label_size") else {
                throw wrong("has a parameter '\(name)', which is for text/csv only")
            }
            switch name {
            case "label_size":
                guard let count = Int(value), count == 0 || count == 1 else {
                    throw wrong("has label_size '\(value)'; a row has 0 or 1 labels")
                }
                labelCount = count
            case "header":
                guard let rule = HeaderRule(rawValue: value) else {
                    throw wrong("has header '\(value)'; use present, absent or auto")
                }
                header = rule
            case "delimiter":
                guard let byte = Self.delimiters[value] else {
                    throw wrong("has delimiter '\(value)'; use comma, tab or semicolon")
                }
                delimiter = byte
            default:
                throw wrong("has an unknown parameter '\(name)'; known are label_size, header, delimiter")
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        return String(text)
    }
}
