import Logging
import NIOCore

/// What a listener does when the system gives it no connection, as at the limit of open files: it says so and
/// tries again a second later, instead of asking without a pause.
enum AcceptPause {
    private static let pause = TimeAmount.seconds(1)
    /// How often it is said.
    private static let silence = TimeAmount.seconds(60)

    static func handler(_ logger: Logger) -> AcceptBackoffHandler {
        var nextWord = NIODeadline.now()
        return AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
            if NIODeadline.now() >= nextWord {
                nextWord = .now() + silence
                logger.error(
                    "no connection can be accepted; trying again every second: raise the limit of open files",
                    metadata: ["reason": "\(error)"])
            }
            return pause
        }
    }
}
