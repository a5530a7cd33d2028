import Diagnostics
public import ProgramContract

/// One host of a program's gang.
public struct ProgramRunner {
    private let plan: ProgramPlan

    public init(_ plan: ProgramPlan) { self.plan = plan }
}
