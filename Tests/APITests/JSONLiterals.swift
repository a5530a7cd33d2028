import SageMakerShapes

extension JSONValue: @retroactive ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: @retroactive ExpressibleByUnicodeScalarLiteral {}
extension JSONValue: @retroactive ExpressibleByExtendedGraphemeClusterLiteral {}

extension JSONValue: @retroactive ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self = .integer(value) }
}

extension JSONValue: @retroactive ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(uniqueKeysWithValues: elements))
    }
}
