import Foundation
import Glibc
import Rainbow

/// What is known of the terminal at the other end of a standard stream.
public enum Terminal {
    /// Whether standard output is a terminal that can redraw a line.
    public static var isInteractive: Bool { isatty(1) == 1 && environment["TERM"] != "dumb" }

    /// Whether colours are wanted: on terminals, unless NO_COLOR is set.
    public static var hasColour: Bool {
        isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
    }

    /// Columns of the terminal; 80 where there is none.
    public static var width: Int {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// What a colour says.
    public enum Tone: Sendable { case good, bad, busy, faint }

    /// `text` in the colour of a tone; as it is where colours are not wanted.
    public static func coloured(_ text: String, _ tone: Tone, isColoured: Bool = hasColour) -> String {
        guard isColoured else { return text }
        return switch tone {
        case .good: text.applyingCodes(Color.green)
        case .bad: text.applyingCodes(Color.red)
        case .busy: text.applyingCodes(Color.cyan)
        case .faint: text.applyingCodes(Style.dim)
        }
    }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
