import Foundation
import Processes
import ProgramContract
import Storage
import Synchronization

/// Looks on a thread of its own, because shared storage may hang, whether another attempt of the job has
/// begun while this one was thought to be gone.
final class SuccessionWatch: ProgramService, Sendable {
    let environment: [String: String] = [:]
    private let plan: ProgramPlan
    private let user: JobUser?
    private let state = Mutex((isSuperseded: false, isOver: false))

    /// Between two looks, in seconds.
    private static let pause = 0.25

    /// - Parameter user: with whose rights the job's folder is read; `nil`: this process's.
    init(_ plan: ProgramPlan, user: JobUser?) {
        self.plan = plan
        self.user = user
    }

    var isSuperseded: Bool { state.withLock { $0.isSuperseded } }

    func start() {
        guard plan.mark != nil else { return }
        let thread = Thread { [self] in
            while !state.withLock({ $0.isOver || $0.isSuperseded }) {
                // Where the rights cannot be had now, the next look may have them.
                if (try? user.access({ plan.isSuperseded })) == true {
                    state.withLock { $0.isSuperseded = true }
                }
                Thread.sleep(forTimeInterval: Self.pause)
            }
        }
        thread.name = "succession"
        thread.stackSize = 1 << 19
        thread.start()
    }

    func askToStop() {}

    func end() { state.withLock { $0.isOver = true } }
}
