public import Collectives
public import Diagnostics
import Foundation

/// Makes the ranks of a world fail together: an error on any of them becomes the same error on all.
///
/// Without it a rank that throws would leave its peers waiting in their next collective call.
public final class GangVote {
    private let communicator: any Communicator
    /// The error that every rank threw, if one was: each rank then ends by itself, and one reports.
    public private(set) var sharedFailure: LockstepError?

    /// Workers whose state differed from that of the most, where the failure is a divergence.
    public internal(set) var divergedWorkers: [String] = []

    public init(_ communicator: any Communicator) { self.communicator = communicator }

    /// Whether this rank is the one to report a shared failure.
    public var isReporter: Bool { communicator.rank == 0 }

    /// Runs `body` on every rank; throws the error of the lowest rank that failed, on all. Collective.
    public func together<Result>(_ body: () throws -> Result) throws -> Result {
        let outcome = Swift.Result { try body() }
        var failure: (order: Int, error: any Error)?
        if case .failure(let error) = outcome { failure = (communicator.rank, error) }
        try settle(failure)
        return try outcome.get()
    }

    /// Throws the error with the lowest order (a rank or a logical shard) on every rank; returns when
    /// no rank has one. Collective.
    ///
    /// - Parameter failure: this rank's; no two ranks may use the same order.
    func settle(_ failure: (order: Int, error: any Error)?) throws {
        let none = Int64.max
        let mine = failure.map { Int64($0.order) } ?? none
        var lowest = [mine]
        try lowest.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .min) }
        guard lowest[0] != none else { return }
        let encoder = JSONEncoder()
        var bytes: [UInt8] = []
        if mine == lowest[0], let failure {
            bytes = [UInt8](try encoder.encode(Ballot(Self.lockstepError(failure.error))))
        }
        let all = try communicator.allGather(bytes)
        guard let ballot = all.first(where: { !$0.isEmpty }) else {
            throw LockstepError(.bug, "a rank failed without a reason")
        }
        throw share(try JSONDecoder().decode(Ballot.self, from: Data(ballot)).error)
    }

    /// Marks an error that every rank is known to throw at this place.
    func share(_ error: LockstepError) -> LockstepError {
        sharedFailure = error
        return error
    }

    private static func lockstepError(_ error: any Error) -> LockstepError {
        error as? LockstepError ?? LockstepError(.bug, "an unexpected error", cause: error)
    }
}

/// An error on its way between ranks.
private struct Ballot: Codable {
    var code: String
    var message: String
    var cause: String?

    init(_ error: LockstepError) {
        code = error.code.rawValue
        message = error.message
        cause = error.cause
    }

    var error: LockstepError {
        var error = LockstepError(LockstepError.Code(rawValue: code), message)
        error.cause = cause
        return error
    }
}
