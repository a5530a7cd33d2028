/// What `mpirun` says about the rank that ended its world first.
package struct GangVerdict: Equatable {
    package var rank: Int?
    package var signal: Int32?
    /// `mpirun` could not start a rank's program, so its status tells of no rank.
    package var didNotStart = false

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

    private static func words(of line: String, after start: String) -> [Substring]? {
        guard let position = line.ranges(of: start).first else { return nil }
        return line[position.upperBound...].split(separator: " ")
    }
}
