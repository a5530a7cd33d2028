import Training

#if canImport(Glibc)
    import Glibc
#endif

/// Set by the handler below. A global, because a C signal handler captures nothing.
private let requested = StopFlag()

/// Turns SIGTERM and SIGUSR1 (which `mpirun` passes on to its ranks) into a wish to stop.
enum StopSignals {
    /// Installs the handlers and returns the flag they set.
    static func install() -> StopFlag {
        // Touched here first, so that the handler never initialises it.
        let flag = requested
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in requested.request() }
        action.sa_flags = SA_RESTART
        sigemptyset(&action.sa_mask)
        sigaction(SIGTERM, &action, nil)
        sigaction(SIGUSR1, &action, nil)
        // A launcher may have left them blocked, and threads made later inherit this mask.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGUSR1)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        return flag
    }
}
