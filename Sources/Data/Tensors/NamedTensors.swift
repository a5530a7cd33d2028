import Crypto

/// Tensors by name, in a fixed order: the state of an algorithm, or a model.
///
/// Order of insertion is kept for reading; hashes use the order of names, so they do not depend on it.
public struct NamedTensors: Sendable, Equatable {
    public private(set) var names: [String] = []
    private var tensors: [String: Tensor] = [:]

    public init() {}
    public init(_ pairs: [(String, Tensor)]) { for (name, tensor) in pairs { self[name] = tensor } }

    /// The tensor of that name; setting `nil` removes it.
    public subscript(name: String) -> Tensor? {
        get { tensors[name] }
        set {
            if tensors[name] == nil, newValue != nil { names.append(name) }
            if newValue == nil { names.removeAll { $0 == name } }
            tensors[name] = newValue
        }
    }

    public var isEmpty: Bool { names.isEmpty }
    public var byteCount: Int { tensors.values.reduce(0) { $0 + $1.bytes.count } }

    /// SHA-256 over names, element types, shapes and bytes, in order of names: 64 hex digits.
    ///
    /// This is the `model-hash` of a model and the state hash of a checkpoint. Each name is preceded
    /// by its length, each shape by its rank, so that no two different sets share an encoding.
    public var sha256: String {
        var hasher = SHA256()
        func feed(_ number: Int) {
            withUnsafeBytes(of: UInt64(number).littleEndian) { hasher.update(bufferPointer: $0) }
        }
        func feed(_ text: String) {
            feed(text.utf8.count)
            hasher.update(data: [UInt8](text.utf8))
        }
        for name in names.sorted() {
            guard let tensor = tensors[name] else { continue }
            feed(name)
            feed(tensor.elementType.rawValue)
            feed(tensor.shape.count)
            for extent in tensor.shape { feed(extent) }
            tensor.bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        }
        return hasher.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
