import ServiceLifecycle
import Synchronization

/// Ends a server that was told to end before it ran.
final class LateEnd: Sendable {
    private let ended = Mutex<ServiceGroup?>(nil)
    /// What is to be ended.
    var group: ServiceGroup? {
        get { ended.withLock { $0 } }
        set { ended.withLock { $0 = newValue } }
    }
    private let registry: ConnectionRegistry

    init(_ registry: ConnectionRegistry) { self.registry = registry }

    /// To be called once the server listens.
    func endIfTold() async {
        guard registry.isEnding else { return }
        await group?.triggerGracefulShutdown()
    }
}
