package import ClusterTypes

/// What `mpirun` says about the rank that ended its world first.
package struct GangVerdict: Equatable {
    package var rank: Int?
    package var signal: Int32?
    /// `mpirun` could not start a rank's program, so its status tells of no rank.
    package var didNotStart = false
    /// What the rank that failed first said itself: the first report that is no echo of another's end.
    package private(set) var report: RankReport?

    package init(rank: Int? = nil, signal: Int32? = nil, didNotStart: Bool = false) {
        self.rank = rank
        self.signal = signal
        self.didNotStart = didNotStart
    }

    /// Reads the lines that `mpirun` wrote itself.
    ///
    /// Open MPI 4 and 5 write one of
    /// `mpirun was unable to launch the specified application …`,
    /// `mpirun noticed that process rank 1 with PID 77 on node a exited on signal 9 (Killed).`,
    /// `MPI_ABORT was invoked on rank 1 in communicator …` and
    /// `Process name: [[4711,1],1]`.
    package mutating func read(_ line: String) {
        if line.contains("was unable to launch the specified application")
            || line.contains("was unable to find the specified executable")
        {
            didNotStart = true
        } else if rank == nil, let words = Self.words(of: line, after: "process rank ") {
            rank = words.first.flatMap { Int($0) }
            if let position = words.firstIndex(of: "signal"), position + 1 < words.count {
                signal = Int32(words[position + 1])
            }
        } else if rank == nil, let words = Self.words(of: line, after: "MPI_ABORT was invoked on rank ") {
            rank = words.first.flatMap { Int($0) }
        } else if rank == nil, let words = Self.words(of: line, after: "Process name: [[") {
            rank = words.first?.split(separator: ",").last.flatMap { Int($0.dropLast()) }
        }
    }

    /// Reads a line of a rank's standard error.
    package mutating func read(error line: String) {
        guard let said = RankReport(line) else { return }
        if report == nil || (report?.isEcho == true && !said.isEcho) { report = said }
    }

    /// The report, unless a signal ended another rank and this one only noticed.
    package var firstError: RankReport? {
        guard let report, !(report.isEcho && signal != nil) else { return nil }
        return report
    }

    private static func words(of line: String, after start: String) -> [Substring]? {
        guard let position = line.ranges(of: start).first else { return nil }
        return line[position.upperBound...].split(separator: " ")
    }
}
