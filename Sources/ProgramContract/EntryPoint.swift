import Diagnostics

/// The file that a script-mode job starts, and the command that starts it, as the toolkit builds it.
struct EntryPoint: Sendable {
    private enum Kind: Sendable { case python, package, shell }

    let name: String
    private let kind: Kind
    private let hasRequirements: Bool

    /// Folder of the host's own that pip installs into: nothing else on the node is touched.
    static func packages(_ base: String) -> String { base + "/tmp/packages" }

    /// - Throws: `LockstepError(.configuration)` for a name that leads out of the code's folder,
    ///   `.notFound` for a file that is not there, with what is.
    init(_ name: String, in code: SourceCode) throws {
        guard !name.isEmpty, !name.hasPrefix("-"), !name.hasPrefix("/"), Self.isPlain(name, "._+-/"),
            !name.split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
        else {
            throw LockstepError(
                .configuration,
                "hyperparameter sagemaker_program is '\(name)', but must be the name of a file in the code's "
                    + "folder, of letters, digits and . _ + - /")
        }
        let isPackage = try !name.hasSuffix(".sh") && code.holds("setup.py")
        kind = isPackage ? .package : name.hasSuffix(".py") ? .python : .shell
        // A package may have its module in a folder of that name.
        let isThere = try code.holds(name) || (isPackage && code.holds("\(name)/__main__.py"))
        guard isThere else {
            throw LockstepError(
                .notFound,
                "hyperparameter sagemaker_program is \(name), but \(code.path) holds no such file; "
                    + "there is \(try code.listing())")
        }
        self.name = name
        hasRequirements = try kind != .shell && code.holds("requirements.txt")
    }

    /// Whether it has to be executable.
    var isCommand: Bool { kind == .shell }

    /// - Parameters:
    ///   - arguments: the hyperparameters' words.
    ///   - usesMPI: a Python program is then run by mpi4py, which ends the whole world at an error.
    func command(python: String, arguments: [String], usesMPI: Bool, base: String) -> [String] {
        let runner = usesMPI ? [python, "-m", "mpi4py"] : [python]
        switch kind {
        case .shell:
            let words = ["./" + name] + arguments.map(Self.quoted)
            return ["/bin/sh", "-c", words.joined(separator: " ")]
        case .python:
            return installing(["-r", "requirements.txt"], hasRequirements, python, base)
                + runner + (usesMPI ? [] : ["--"]) + [name] + arguments
        case .package:
            let module = name.hasSuffix(".py") ? String(name.dropLast(3)) : name
            return installing(
                ["."] + (hasRequirements ? ["-r", "requirements.txt"] : []), true, python, base)
                + runner + ["-m", module] + arguments
        }
    }

    /// Words before a command: a shell that runs pip, and then becomes the command.
    private func installing(
        _ what: [String], _ isWanted: Bool, _ python: String, _ base: String
    ) -> [String] {
        guard isWanted else { return [] }
        let pip = [
            python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target",
            Self.packages(base),
        ]
        let complaint =
            "InstallRequirementsError: pip could not install what the code's folder asks for; see the log"
        let failure = Self.quoted(base + "/output/failure")
        return [
            "/bin/sh", "-c",
            (pip + what).map(Self.quoted).joined(separator: " ")
                + " >&2 || { echo \(Self.quoted(complaint)) > \(failure); exit 1; }; exec \"$@\"",
            "install",
        ]
    }

    /// A word that a shell reads as it is.
    private static func quoted(_ word: String) -> String {
        if !word.isEmpty, isPlain(word, "@%+=:,./-_") { return word }
        return "'" + word.replacing("'", with: "'\"'\"'") + "'"
    }

    /// Whether a text holds nothing but letters and digits of ASCII and these marks.
    private static func isPlain(_ text: String, _ marks: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: marks.utf8.contains(byte)
            }
        }
    }
}
