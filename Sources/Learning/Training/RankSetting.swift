import Foundation

/// What a rank is told about itself; it may differ from rank to rank and changes no result.
public struct RankSetting: Sendable, Equatable {
    /// Name of the worker that the rank runs on; empty outside of a cluster.
    public var worker: String
    /// Folder in the node's shared memory for the job's hot state; empty: none.
    public var hotStateFolder: String
    /// Whether rank 0 of this world is a state keeper, which owns no logical shard. The same on all ranks.
    public var hasKeeper: Bool
    /// Number of the attempt in a cluster; `nil` for a run by hand.
    public var attempt: Int?
    /// Folder of the attempt's events; `nil`: none.
    public var attemptFolder: String?
    /// What goes wrong on purpose, in tests.
    public var fault: InjectedFault?

    public init(
        worker: String = "", hotStateFolder: String = "", hasKeeper: Bool = false, attempt: Int? = nil,
        attemptFolder: String? = nil, fault: InjectedFault? = nil
    ) {
        self.worker = worker
        self.hotStateFolder = hotStateFolder
        self.hasKeeper = hasKeeper
        self.attempt = attempt
        self.attemptFolder = attemptFolder
        self.fault = fault
    }
}

/// Where a rank runs, as every rank knows it.
struct RankPlace: Codable, Equatable {
    var host: String
    var worker: String
    var hotStateFolder: String
    /// Step of the newest hot state in the folder, unchecked.
    var hotStep: Int?

    /// For messages: the worker's name, or the host's outside of a cluster.
    var name: String { worker.isEmpty ? "host \(host)" : "worker \(worker)" }

    /// Whether this rank and the other would write into one folder.
    func sharesFolder(with other: RankPlace) -> Bool {
        host == other.host && hotStateFolder == other.hotStateFolder
    }

    static var ownHost: String { ProcessInfo.processInfo.hostName }
}
