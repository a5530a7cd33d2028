import Synchronization

/// A value for each piece of a team's job, put by whichever thread has the piece.
final class PieceSlots<Value>: Sendable {
    private let values: Mutex<[Box]>

    /// Carries a value through the lock; it is handed over, not shared.
    private struct Box: @unchecked Sendable { var value: Value? }

    init(count: Int) { values = Mutex(Array(repeating: Box(value: nil), count: count)) }

    func put(_ value: Value, at index: Int) {
        let box = Box(value: value)
        values.withLock { $0[index] = box }
    }

    /// All values in order of piece; nothing stays.
    func take() -> [Value?] {
        values.withLock { boxes in
            defer { boxes = [] }
            return boxes
        }.map(\.value)
    }
}
