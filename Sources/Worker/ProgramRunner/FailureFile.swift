import Storage
import Foundation
import Glibc

/// `output/failure`: what a program says about its failure.
package enum FailureFile {
    /// SageMaker takes as much.
    static let charactersMax = 1024

    /// - Parameter base: the host's tree.
    /// - Returns: `nil` when there is none, it is empty, or it is no plain file.
    static func read(_ base: String) -> String? {
        // Whatever the program put in the way of the path: links are not followed, fifos not waited for.
        guard FileTree.kind(base + "/output") == .folder, FileTree.kind(base + "/output/failure") == .file
        else {
            return nil
        }
        let file = open(base + "/output/failure", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // A character has at most four bytes.
        var bytes = [UInt8](repeating: 0, count: 4 * charactersMax)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? text(bytes[..<count]) : nil
    }

    /// Text that any log and any JSON can carry.
    package static func text(_ bytes: some Collection<UInt8>) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        let clean = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    let isControl =
                        scalar.value < 32 && scalar != "\n" && scalar != "\t" || scalar.value == 127
                    return isControl ? "\u{FFFD}" : scalar
                }))
        let short = String(clean.trimmingCharacters(in: .whitespacesAndNewlines).prefix(charactersMax))
        return short.isEmpty ? nil : short
    }
}
