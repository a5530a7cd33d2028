/// Something that a runner offers its program while it runs, on a thread of its own.
protocol ProgramService: AnyObject {
    /// Begins, before the program does.
    func start() throws
    /// The program is being asked to stop.
    func askToStop()
    /// The program and all its children are gone.
    func end()
    /// What the program has to know to find it.
    var environment: [String: String] { get }
}
