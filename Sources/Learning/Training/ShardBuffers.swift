/// One buffer for each local logical shard, kept from step to step.
///
/// `@unchecked Sendable`: while a team works, each shard's buffer is touched by the one thread that
/// has that shard; `prepare` is called between jobs of the team only.
final class ShardBuffers<Element>: @unchecked Sendable where Element: BinaryFloatingPoint & SendableMetatype {
    private var buffers: [UnsafeMutableBufferPointer<Element>]

    init(shardCount: Int) {
        buffers = (0..<shardCount).map { _ in .allocate(capacity: 0) }
    }

    deinit { for buffer in buffers { buffer.deallocate() } }

    /// Makes room for `capacity` elements in each shard's buffer.
    func prepare(capacity: Int) {
        for index in buffers.indices where buffers[index].count < capacity {
            buffers[index].deallocate()
            buffers[index] = .allocate(capacity: capacity)
        }
    }

    /// Zeroed views of a shard's buffer, one a shape, in order. Called by the thread that fills them.
    func zeroed(_ shard: Int, _ shapes: [SumShape]) -> [UnsafeMutableBufferPointer<Element>] {
        views(shard, shapes).map { view in
            view.initialize(repeating: 0)
            return view
        }
    }

    /// A shape's view in every shard's buffer.
    func parts(of index: Int, in shapes: [SumShape]) -> [UnsafeMutableBufferPointer<Element>] {
        buffers.indices.map { views($0, shapes)[index] }
    }

    private func views(_ shard: Int, _ shapes: [SumShape]) -> [UnsafeMutableBufferPointer<Element>] {
        var offset = 0
        return shapes.map { shape in
            let view = buffers[shard][offset..<offset + shape.count]
            offset += shape.count
            return UnsafeMutableBufferPointer(rebasing: view)
        }
    }
}
