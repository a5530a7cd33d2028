import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// What a rank tells the supervisor above it, apart from all that the process prints.
package enum SupervisorReport {
    private static let channel = Mutex<Int32?>(nil)

    /// From now on reports go to a supervisor.
    ///
    /// - Parameter descriptor: leads to `mpirun`'s standard error, past whatever standard error has become.
    package static func open(_ descriptor: Int32) { channel.withLock { $0 = descriptor } }

    /// Sends a line; to standard error where there is no supervisor. Safe from any thread.
    package static func send(_ text: String) {
        guard let descriptor = channel.withLock({ $0 }) else { return StandardStreams.error(text) }
        // In one piece: others write to the same pipe.
        let bytes = OutputCode.report(text, bytesMax: OutputCode.pieceMax)
        while bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) < 0,
            errno == EINTR || errno == EAGAIN
        {}
    }
}
