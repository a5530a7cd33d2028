import Synchronization

/// The input file that this process has opened last, for whoever asks what a rank hangs in.
package enum FileInHand {
    private static let last = Mutex<String?>(nil)

    /// `nil` before the first one.
    package static var path: String? { last.withLock { $0 } }

    static func note(_ path: String) { last.withLock { $0 = path } }
}
