import Diagnostics

/// The file that a script-mode job starts, and the command that starts it, as the toolkit builds it.
struct EntryPoint: Sendable {
    private enum Kind: Sendable { case python, package, shell }

    /// As the job says it.
    let name: String
    /// The same without `.`, as a path below the code's folder.
    let path: String
    private let kind: Kind
    private let hasRequirements: Bool

    /// Folder of the host's own that pip installs into: nothing else on the node is touched.
    static func packages(_ base: String) -> String { base + "/tmp/packages" }

    /// - Throws: `LockstepError(.configuration)` for a name that leads out of the code's folder,
    ///   `.notFound` for a file that is not there, with what is.
    init(_ name: String, in code: SourceCode) throws {
        let field = "hyperparameter sagemaker_program is '\(name)'"
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty, !name.hasPrefix("/"), !name.hasPrefix("-"), !parts.contains(".."),
            !name.utf8.contains(0)
        else {
            throw LockstepError(
                .configuration,
                "\(field), but must be the name of a file in the code's folder: a relative path without '..' "
                    + "that does not begin with '-'")
        }
        let path = parts.joined(separator: "/")
        let isPackage = try !path.hasSuffix(".sh") && code.holds("setup.py")
        kind = isPackage ? .package : path.hasSuffix(".py") ? .python : .shell
        // A package may have its module in a folder of that name.
        let isThere = try code.holds(path) || (isPackage && code.holds("\(path)/__main__.py"))
        guard isThere else {
            if try code.holdsFolder(path) {
                throw LockstepError(
                    .configuration, "\(field), which is a folder of \(code.path): name the file in it")
            }
            throw LockstepError(
                .notFound,
                "hyperparameter sagemaker_program is \(name), but \(code.path) holds no such file; "
                    + "there is \(try code.listing())")
        }
        (self.name, self.path) = (name, path)
        hasRequirements = try kind != .shell && code.holds("requirements.txt")
    }

    /// Whether it has to be executable.
    var isCommand: Bool { kind == .shell }

    /// - Parameters:
    ///   - arguments: the hyperparameters' words.
    ///   - usesMPI: a Python program is then run by mpi4py, which ends the whole world at an error.
    func command(python: String, arguments: [String], usesMPI: Bool, base: String) -> [String] {
        let runner = usesMPI ? [python, "-m", "mpi4py"] : [python]
        let file = (usesMPI ? [] : ["--"]) + [name]
        switch kind {
        case .shell:
            let words = ["./" + path].map(Self.quoted) + arguments.map(Self.quoted)
            return ["/bin/sh", "-c", words.joined(separator: " ")]
        case .python:
            let wanted = hasRequirements ? ["-r", "requirements.txt"] : []
            return installing(wanted, python, base) + runner + file + arguments
        case .package:
            let wanted = ["."] + (hasRequirements ? ["-r", "requirements.txt"] : [])
            return installing(wanted, python, base) + runner + (module.map { ["-m", $0] } ?? file) + arguments
        }
    }

    /// What `python -m` calls it; `nil` for a file whose name has dots, which no module's has.
    private var module: String? {
        let stem = path.hasSuffix(".py") ? String(path.dropLast(3)) : path
        return stem.contains(".") ? nil : stem.replacing("/", with: ".")
    }

    /// Words before a command: a script that runs pip, and then becomes the command.
    private func installing(_ wanted: [String], _ python: String, _ base: String) -> [String] {
        guard !wanted.isEmpty else { return [] }
        return [python, PythonPackage.installer(base), Self.packages(base), base + "/output/failure"] + wanted
            + ["--"]
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
