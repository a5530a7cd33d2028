public import ClusterTypes
import Foundation
import Synchronization

/// What a rank is doing right now, for whoever asks from another thread.
///
/// Costs a short lock an operation; text is made only when someone asks.
public final class RankActivity: Sendable {
    /// What a rank may be stuck in.
    public enum Operation: Sendable, Equatable {
        /// Computing on its own.
        case work(StaticText)
        /// Computing on a logical shard.
        case shard(Int)
        /// Reading or writing: as long as bytes go, it is not stuck.
        case storage(StaticText)
        /// Storage that belongs to a channel.
        case channel(StaticText, String)
    }

    /// A literal, so that noting an operation makes no string.
    public struct StaticText: Sendable, Equatable, ExpressibleByStringLiteral {
        let text: StaticString
        public init(stringLiteral text: StaticString) { self.text = text }
        public static func == (a: StaticText, b: StaticText) -> Bool {
            a.text.description == b.text.description
        }
    }

    private struct State {
        var step: Int?
        var operation = Operation.work("starting")
        /// The call that waits for the other ranks, if one does.
        var call: StaticText?
        /// What the waiting is for.
        var topic: String?
        var since = DispatchTime.now()
    }
    private let state = Mutex(State())

    public init() {}

    /// Begins an operation.
    public func begin(_ operation: Operation) {
        state.withLock {
            $0.operation = operation
            $0.topic = nil
            $0.since = .now()
        }
    }

    /// Goes to a step, of which so many are done.
    func begin(step: Int) {
        state.withLock {
            $0.step = step
            $0.operation = .work("computing")
            $0.topic = nil
            $0.since = .now()
        }
    }

    /// The collective calls that follow add up this tensor.
    func beginSum(of name: String) {
        state.withLock {
            $0.topic = name
            $0.since = .now()
        }
    }

    /// The operation makes progress.
    public func advance() { state.withLock { $0.since = .now() } }

    /// Runs a call that waits for other ranks.
    func wait<Result>(_ call: StaticText, _ body: () throws -> Result) rethrows -> Result {
        state.withLock {
            $0.call = call
            $0.since = .now()
        }
        defer {
            state.withLock {
                $0.call = nil
                $0.since = .now()
            }
        }
        return try body()
    }

    /// What the rank does now.
    public var snapshot: RankPulse {
        let state = state.withLock { $0 }
        let nanoseconds = DispatchTime.now().uptimeNanoseconds - state.since.uptimeNanoseconds
        let own = Self.words(state.operation)
        let topic = state.topic.map { "sum of \($0)" } ?? own.text
        return RankPulse(
            step: state.step, kind: state.call == nil ? own.kind : .waiting,
            seconds: Double(nanoseconds) * 1e-9,
            operation: state.call.map { "\($0.text) in \(topic)" } ?? own.text)
    }

    private static func words(_ operation: Operation) -> (kind: RankPulse.Kind, text: String) {
        switch operation {
        case .work(let text): (.working, text.text.description)
        case .shard(let index): (.working, "computing shard \(index)")
        case .storage(let text): (.storing, text.text.description)
        case .channel(let text, let name): (.storing, "\(text.text) channel \(name)")
        }
    }
}
