import CProtobufC
import ClusterTypes
import Glibc

/// Memory for messages on their way out: allocated with malloc throughout, so that
/// `protobuf_c_message_free_unpacked` releases a whole tree.
enum ProtobufMemory {
    /// Room for one C structure, set up by its generated `__init` function.
    static func allocate<Message>(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) -> UnsafeMutablePointer<Message> {
        let memory = bytes(MemoryLayout<Message>.stride).bindMemory(to: Message.self, capacity: 1)
        initialize(memory)
        return memory
    }

    static func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        guard let memory = malloc(max(count, 1)) else { preconditionFailure("out of memory") }
        return memory
    }

    static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let utf8 = Array(text.utf8)
        let memory = bytes(utf8.count + 1).bindMemory(to: CChar.self, capacity: utf8.count + 1)
        for (index, byte) in utf8.enumerated() { memory[index] = CChar(bitPattern: byte) }
        memory[utf8.count] = 0
        return memory
    }

    static func copy(_ data: [UInt8]) -> ProtobufCBinaryData {
        let memory = bytes(data.count).bindMemory(to: UInt8.self, capacity: data.count)
        data.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { memory.update(from: start, count: source.count) }
        }
        return ProtobufCBinaryData(len: data.count, data: memory)
    }

    /// A C array of pointers, one for each element; `nil` for none, as the library expects.
    static func array<Element, Message>(
        _ elements: [Element], _ build: (Element) -> UnsafeMutablePointer<Message>
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>? {
        guard !elements.isEmpty else { return nil }
        let array = bytes(elements.count * MemoryLayout<UnsafeMutableRawPointer>.stride)
            .bindMemory(to: UnsafeMutablePointer<Message>?.self, capacity: elements.count)
        for (index, element) in elements.enumerated() { array[index] = build(element) }
        return array
    }
}

/// Memory for a message on its way in: many small parts must not make a frame many times its length.
///
/// The library refuses a message that needs more.
struct ProtobufBudget {
    private let left: UnsafeMutablePointer<Int>
    /// For the library's calls until `release`.
    let allocator: UnsafeMutablePointer<ProtobufCAllocator>

    private static let factor = 8
    private static let atLeast = 1 << 20

    init(bodyBytes: Int) {
        left = .allocate(capacity: 1)
        left.initialize(to: bodyBytes * Self.factor + Self.atLeast)
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: { data, count in
                    guard let left = data?.assumingMemoryBound(to: Int.self), count <= left.pointee else {
                        return nil
                    }
                    left.pointee -= count
                    return malloc(max(count, 1))
                },
                free: { _, memory in free(memory) }, allocator_data: left))
    }

    func release() {
        allocator.deallocate()
        left.deallocate()
    }
}

/// Reading what the library has unpacked.
extension String {
    init(protobuf text: UnsafeMutablePointer<CChar>?) {
        self = text.map { String(cString: $0) } ?? ""
    }
}

extension [UInt8] {
    init(protobuf data: ProtobufCBinaryData) {
        self = Array(UnsafeBufferPointer(start: data.data, count: data.data == nil ? 0 : data.len))
    }
}

func protobufArray<Message, Element>(
    _ array: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int,
    _ read: (Message) throws -> Element
) rethrows -> [Element] {
    try UnsafeBufferPointer(start: array, count: array == nil ? 0 : count)
        .compactMap { try $0.map { try read($0.pointee) } }
}
