package import Diagnostics
import GRDB

/// What SQLite cannot do, in the words of whoever owns the file.
package struct DatabaseTrouble: Sendable {
    /// What the file is: `job store`.
    private let noun: String
    private let path: String

    package init(noun: String, path: String) {
        self.noun = noun
        self.path = path
    }

    /// An error of the database as one of Lockstep's; others stay as they are.
    package func translated(_ error: any Error) -> any Error {
        switch error {
        case let error as LockstepError: error
        case let error as DatabaseError:
            Self.isOfDatabase(error) ? trouble(error) : unusable(error)
        default: unusable(error)
        }
    }

    private static func isOfDatabase(_ error: DatabaseError) -> Bool {
        [.SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED]
            .contains(error.resultCode)
    }

    private func trouble(_ error: DatabaseError) -> LockstepError {
        switch error.resultCode {
        case .SQLITE_FULL:
            LockstepError(
                .full,
                "the \(noun) \(path) cannot be written, its disk is full: nothing has changed, try again "
                    + "when there is room")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            LockstepError(
                .io, "the \(noun) \(path) is locked by another program: nothing has changed, try again")
        default:
            LockstepError(
                .damaged, "\(path) is no \(noun) of Lockstep or is damaged: move it away or restore it",
                cause: error)
        }
    }

    private func unusable(_ error: any Error) -> LockstepError {
        LockstepError(
            .io, "the \(noun) \(path) cannot be used now: nothing has changed, try again", cause: error)
    }

    /// Another file lies in the place of the one that is open.
    package var replaced: LockstepError {
        LockstepError(
            .io,
            "another file lies at \(path), where the \(noun) was: move it away and the coordinator "
                + "writes its own back, or restart the coordinator to use that one")
    }

    /// The file was removed, and there is no writing it again.
    package func lost(_ cause: any Error) -> LockstepError {
        LockstepError(
            .io, "the \(noun) \(path) was removed and cannot be written again: free its place",
            cause: cause)
    }

    /// The file was removed and is there again.
    package var restored: String {
        "\(path) was removed, and has been written again from what was still open"
    }
}
