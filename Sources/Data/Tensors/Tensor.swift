/// Element type of a tensor; raw values are safetensors' names.
public enum ElementType: String, Sendable, Codable, CaseIterable {
    case float32 = "F32"
    case float64 = "F64"
    case int32 = "I32"
    case int64 = "I64"
    case uint8 = "U8"

    public var byteCount: Int {
        switch self {
        case .float32, .int32: 4
        case .float64, .int64: 8
        case .uint8: 1
        }
    }
}

/// A dense row-major array of numbers with a shape. Little-endian bytes.
public struct Tensor: Sendable, Equatable {
    public let elementType: ElementType
    public let shape: [Int]
    public private(set) var bytes: [UInt8]

    /// Takes over raw bytes. `bytes.count` must be the product of `shape` times the element size.
    public init(elementType: ElementType, shape: [Int], bytes: [UInt8]) {
        precondition(
            bytes.count == shape.reduce(1, *) * elementType.byteCount,
            "a tensor of shape \(shape) does not have \(bytes.count) bytes")
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
    }

    public init(_ values: [Float], shape: [Int]) { self.init(copying: values, .float32, shape) }
    public init(_ values: [Double], shape: [Int]) { self.init(copying: values, .float64, shape) }
    public init(_ values: [Int32], shape: [Int]) { self.init(copying: values, .int32, shape) }
    public init(_ values: [Int64], shape: [Int]) { self.init(copying: values, .int64, shape) }

    private init<T>(copying values: [T], _ type: ElementType, _ shape: [Int]) {
        precondition(
            values.count == shape.reduce(1, *),
            "a tensor of shape \(shape) does not have \(values.count) values")
        self.init(
            elementType: type, shape: shape, bytes: values.withUnsafeBytes { [UInt8]($0) })
    }

    public var count: Int { shape.reduce(1, *) }

    /// The values as `[Float]`; traps when the element type is not `float32`.
    public var floats: [Float] { values(.float32) }
    /// The values as `[Double]`; traps when the element type is not `float64`.
    public var doubles: [Double] { values(.float64) }
    /// The values as `[Int32]`; traps when the element type is not `int32`.
    public var int32s: [Int32] { values(.int32) }
    /// The values as `[Int64]`; traps when the element type is not `int64`.
    public var int64s: [Int64] { values(.int64) }

    private func values<T>(_ expected: ElementType) -> [T] {
        precondition(elementType == expected, "tensor holds \(elementType), not \(expected)")
        let count = count
        return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            initialized = count
        }
    }
}
