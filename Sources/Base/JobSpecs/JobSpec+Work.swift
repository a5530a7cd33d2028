extension JobSpec {
    /// What a job runs: a built-in algorithm, unless it has a program.
    public struct Work: Codable, Sendable, Equatable {
        /// Name of the algorithm; `nil`: the only one of the program that trains the job.
        public var algorithm: String?
        public var program: Program?

        public init(algorithm: String? = nil, program: Program? = nil) {
            self.algorithm = algorithm
            self.program = program
        }

        /// How the job's own code is run; `nil`: the job has none.
        public var programKind: ProgramKind? { program?.kind }
    }

    /// Code of the user's own.
    public struct Program: Codable, Sendable, Equatable {
        public var kind: ProgramKind
        /// The program and its first words; `nil`: a script, which hyperparameters name.
        public var command: [String]?
        /// Words behind the command.
        public var arguments: [String]
        /// TrainingImage, word for word: what the program's root is, or the name of an algorithm.
        public var image: String?

        public init(
            _ kind: ProgramKind, command: [String]? = nil, arguments: [String] = [], image: String? = nil
        ) {
            self.kind = kind
            self.command = command
            self.arguments = arguments
            self.image = image
        }
    }

    /// A pattern that finds a metric in what a program prints.
    public struct MetricPattern: Codable, Sendable, Equatable {
        public var name: String
        /// Its first group holds the value.
        public var regex: String

        public init(name: String, regex: String) {
            self.name = name
            self.regex = regex
        }
    }
}
