package import Diagnostics
import Glibc

/// What a program is handed at its start, for when the kernel finds it too much (E2BIG).
package struct CommandSize {
    private let arguments: [String]
    private let environment: [String: String]
    /// MAX_ARG_STRLEN of Linux: the most for one word or variable, in bytes with its zero.
    private static let wordBytesMax = 32 * 4096

    package init(_ arguments: [String], _ environment: [String: String]) {
        self.arguments = arguments
        self.environment = environment
    }

    /// Names the largest parts, with their sizes in bytes.
    package var error: LockstepError {
        let words = arguments.enumerated().map { ("argument \($0)", $1.utf8.count + 1) }
        let variables = environment.map { ($0, $0.utf8.count + $1.utf8.count + 2) }
        let parts = (words + variables).sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        let sum = parts.reduce(0) { $0 + $1.1 }
        let largest = parts.prefix(3).map { "\($0.0) of \($0.1) bytes" }.joined(separator: ", ")
        return LockstepError(
            .configuration,
            "the program cannot be started: its command line and environment are too long (\(sum) bytes, the "
                + "largest being \(largest)); Linux takes \(Self.wordBytesMax) bytes for one of them and "
                + "\(sysconf(Int32(_SC_ARG_MAX))) for all: make the hyperparameters shorter, or put them "
                + "into a file of a channel or of the code")
    }
}
