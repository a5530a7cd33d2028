/// Where a user's cluster keeps its files when nothing names another place.
public enum HomeFolder {
    /// What `--data-dir` says when it is left out, for help texts.
    public static let rule = "LOCKSTEP_HOME, else XDG_STATE_HOME/lockstep, else HOME/.lockstep"

    /// LOCKSTEP_HOME, else `lockstep` in XDG_STATE_HOME, else `.lockstep` in HOME, else in `accountHome`.
    ///
    /// An empty variable counts as none; so does an XDG_STATE_HOME that is no absolute path, as the XDG Base
    /// Directory Specification wants it.
    ///
    /// - Parameter accountHome: home folder of the account, for environments without HOME.
    public static func path(environment: [String: String], accountHome: String) -> String {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let own = value("LOCKSTEP_HOME") { return own }
        if let state = value("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/lockstep" }
        return (value("HOME") ?? accountHome) + "/.lockstep"
    }
}
