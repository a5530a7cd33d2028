/// The name of this program, as its messages begin with it.
public enum ProgramName {
    /// Last component of the path that the program was started by: `lockstep-train`, or a user's own.
    public static let own =
        CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "lockstep"
}
