/// What a gang reports about its training, one JSON object a line in `events.jsonl`.
///
/// Rank 0 appends the lines to its attempt's folder, where they outlive every daemon; the worker
/// forwards them to the coordinator.
public struct TrainingEvent: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// The world stands. Carries `world`, `threads`, `step` (first step still to do, so 0 or
        /// a resume point, as far as it is known then; `training` has it for certain).
        case started
        /// Reading the channels.
        case downloading
        /// Ranks have died and the others go on without them: `world`, `workers` of the ranks that are
        /// left, in their order.
        case shrunk
        /// First step begins. Carries `step`; `name`, what the state was taken from (`start`, `checkpoint`
        /// or `hot state`), and `workers` whose hot state was not trusted.
        case training
        /// Progress since the last such event: `step`, `epoch`, `samples`, `loss`, `seconds`
        /// (mean per step) and `maxStepSeconds`, `progress` in 0…1, `samplesPerSecond`.
        case progress
        /// A metric: `name`, `value`, `step`, `epoch`.
        case metric
        /// A checkpoint is durable: `step`, `stateHash`, `path`.
        case checkpoint
        /// Writing the model.
        case uploading
        /// The model is written: `step`, `modelHash`, `path`.
        case completed
        /// Asked to stop; state committed: `step`.
        case stopped
        /// Failed: `code` (a LockstepError code), `message`, `rank`, `step`. With code `diverged`:
        /// `workers` whose state differed from that of the most; empty where nobody can say.
        case failed
    }

    public var kind: Kind
    /// Seconds since 1970, UTC.
    public var time: Double
    public var step: Int?
    public var epoch: Int?
    public var samples: Int?
    public var loss: Double?
    public var seconds: Double?
    public var maxStepSeconds: Double?
    public var samplesPerSecond: Double?
    public var progress: Double?
    public var name: String?
    public var value: Double?
    public var world: Int?
    public var threads: Int?
    public var rank: Int?
    public var stateHash: String?
    public var modelHash: String?
    public var path: String?
    public var code: String?
    public var message: String?
    public var workers: [String]?

    public init(_ kind: Kind, time: Double) {
        self.kind = kind
        self.time = time
    }
}
