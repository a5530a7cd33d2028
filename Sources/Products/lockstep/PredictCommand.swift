import ArgumentParser
import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// Hands over to `lockstep-train predict`, which links the numerics that this program does without.
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Scores records with a trained model.",
        usage: "lockstep predict MODEL.tar.gz INPUT [--label-size 1] [--output-format csv|jsonlines|json]",
        discussion: """
            `lockstep predict --help` lists all options. Runs `lockstep-train predict`, which lies in the \
            same folder as this program.
            """)

    @Argument(parsing: .captureForPassthrough, help: "Model, records and options.")
    var words: [String] = []

    func run() async throws {
        let program = try SiblingProgram.path("lockstep-train")
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program, "predict"] + words).map { strdup($0) }
        arguments.append(nil)
        execv(program, arguments)
        let code = errno
        arguments.forEach { free($0) }
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        throw LockstepError(
            code == ENOENT ? .notFound : .io,
            "cannot run \(program): \(reason); it must lie in the same folder as lockstep")
    }
}
