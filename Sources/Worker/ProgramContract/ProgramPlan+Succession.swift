import Diagnostics
import Foundation
import Storage

extension ProgramPlan {
    /// Where the newest attempt of the job says that it has begun: the fencing number of what hosts write on
    /// shared storage. An attempt whose supervisor was stopped or cut off may run on when its successor
    /// begins; it finds another mark there, and writes nothing more.
    public var markFile: String { (FileSystem.parent(of: folder) ?? folder) + "/current" }

    /// Begins the attempt: whoever ran before is superseded from here on.
    ///
    /// - Throws: `LockstepError` naming the file.
    public func begin() throws {
        guard let mark else { return }
        try AtomicFile.write([UInt8]((mark + "\n").utf8), to: markFile)
    }

    /// Whether another attempt of the job has begun since. What cannot be read does not say so: nobody can
    /// begin there either.
    public var isSuperseded: Bool {
        guard let mark, let bytes = try? AtomicFile.read(markFile) else { return false }
        return String(decoding: bytes, as: UTF8.self) != mark + "\n"
    }

    /// - Parameter what: that would be written now.
    /// - Throws: `LockstepError(.conflict)` when another attempt has begun.
    public func requireSuccession(_ what: String) throws {
        guard isSuperseded else { return }
        throw LockstepError(
            .conflict, "\(what) is not written: another attempt of the job has begun since this one did")
    }

    /// A mark for an attempt: its number, and what tells it from an attempt of that number of another job of
    /// that name.
    public static func newMark(attempt: Int) -> String { "\(attempt) \(UUID().uuidString)" }
}
