package import Diagnostics
import Glibc
import Storage

/// What can be seen in a file of why it cannot be executed. The kernel's own word for it, "No such file",
/// blames a file that is there.
package struct ExecutableFile {
    /// What the user calls it, for messages.
    private let name: String
    private let head: [UInt8]
    /// Makes a path of the program's one of this process's.
    private let locate: (String) -> String
    let path: String
    /// Whether what it names besides can be looked for: not in an image, whose links mean its own root.
    private let looksAround: Bool

    private static let headBytes = 1 << 12

    /// - Parameters:
    ///   - path: as the program knows it.
    ///   - looksAround: whether interpreters can be looked for.
    ///   - locate: makes a path of the program's one of this process's.
    package init(
        _ name: String, path: String, looksAround: Bool = true, locate: @escaping (String) -> String = { $0 }
    ) {
        self.looksAround = looksAround
        self.name = name
        self.path = path
        self.locate = locate
        head = Self.head(of: locate(path))
    }

    private static func head(of path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: headBytes)
        let count = read(file, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    /// What keeps it from being run, whoever starts it.
    ///
    /// - Parameters:
    ///   - search: the program's PATH.
    ///   - isScript: whether a file without `#!` is for the shell.
    /// - Returns: `nil` when nothing is to be seen. It need not exist.
    package func fault(search: String, isScript: Bool) -> LockstepError? {
        let place = locate(path)
        switch try? FileSystem.kind(of: place) {
        case .folder: return wrong("is a folder: name the file in it that is to run")
        case .file: break
        default: return nil
        }
        guard !head.isEmpty else {
            var status = stat()
            let isEmpty = stat(place, &status) == 0 && status.st_size == 0
            return isEmpty ? wrong("cannot be executed: it is empty") : nil
        }
        if isScript, path.hasSuffix(".ipynb") {
            return wrong(
                "cannot be executed: it is a notebook; write its cells to a script (jupyter nbconvert --to "
                    + "script) and name that")
        }
        return markFault ?? binaryFault ?? scriptFault(search: search, isScript: isScript)
    }

    /// A byte order mark, which editors put before the first line.
    private var markFault: LockstepError? {
        if head.starts(with: [0xEF, 0xBB, 0xBF]) {
            return wrong(
                "cannot be executed: a byte order mark stands before its first line, so that #! is not seen; "
                    + "save it as UTF-8 without a mark (BOM)")
        }
        guard head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) else { return nil }
        return wrong("cannot be executed: it is UTF-16 text; save it as UTF-8 without a mark (BOM)")
    }

    // Numbers of <elf.h>.
    private static let machines: [UInt16: String] = [
        3: "x86 of 32 bits", 8: "MIPS", 20: "PowerPC", 21: "POWER", 22: "IBM Z", 40: "ARM of 32 bits",
        62: "x86_64", 183: "aarch64", 243: "RISC-V", 258: "LoongArch",
    ]
    #if arch(arm64)
        private static let machine: UInt16 = 183
    #elseif arch(x86_64)
        private static let machine: UInt16 = 62
    #else
        private static let machine: UInt16 = 0
    #endif

    private var binaryFault: LockstepError? {
        let others: [([UInt8], String)] = [
            ([0x4D, 0x5A], "Windows"), ([0xCF, 0xFA, 0xED, 0xFE], "macOS"),
            ([0xCA, 0xFE, 0xBA, 0xBE], "macOS"),
        ]
        if let other = others.first(where: { head.starts(with: $0.0) }) {
            return wrong("cannot be executed: it is a program for \(other.1), and this node runs Linux")
        }
        guard head.starts(with: [0x7F, 0x45, 0x4C, 0x46]), head.count >= 64 else { return nil }
        let isBig = head[5] == 2
        let number =
            isBig ? UInt16(head[18]) << 8 | UInt16(head[19]) : UInt16(head[19]) << 8 | UInt16(head[18])
        guard number == Self.machine || Self.machine == 0 else {
            // A kernel of 64 bits may run those of 32.
            if (Self.machine, number) == (62, 3) || (Self.machine, number) == (183, 40) { return nil }
            let theirs = Self.machines[number] ?? "machines of ELF number \(number)"
            return wrong(
                "cannot be executed: it is a program for \(theirs), and this node is "
                    + "\(Self.machines[Self.machine] ?? "another"): build it for this one")
        }
        guard looksAround, let loader, FileTree.kind(locate(loader)) == nil else { return nil }
        return wrong("cannot be executed: its loader \(loader) is not on this node: build it for this system")
    }

    /// PT_INTERP of an ELF file of 64 bits.
    private var loader: String? {
        func number(_ offset: Int, _ size: Int) -> Int? {
            guard offset >= 0, offset + size <= head.count else { return nil }
            return head[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard head.count >= 64, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]), head[4] == 2, head[5] == 1,
            let table = number(32, 4), let size = number(54, 2),
            let count = number(56, 2)
        else { return nil }
        for entry in (0..<count).lazy.map({ table + $0 * size }) where number(entry, 4) == 3 {
            guard let start = number(entry + 8, 4), let length = number(entry + 32, 4), length > 1,
                start + length <= head.count
            else { return nil }
            return String(decoding: head[start..<start + length - 1], as: UTF8.self)
        }
        return nil
    }

    private func scriptFault(search: String, isScript: Bool) -> LockstepError? {
        let line = head.prefix { $0 != 0x0A }
        let hasMark = head.starts(with: Array("#!".utf8))
        if hasMark || isScript, line.count < head.count, line.last == 0x0D {
            return wrong(
                "cannot be executed: its lines end as on Windows (CR LF), and the first one reaches the "
                    + "shell with a carriage return at its end; save it with line feeds alone (dos2unix)"
            )
        }
        guard hasMark, looksAround else { return nil }
        let words = String(decoding: line.dropFirst(2), as: UTF8.self).split(separator: " ").map(String.init)
        guard let interpreter = words.first else {
            return wrong("cannot be executed: its first line #! names no interpreter")
        }
        if interpreter.hasPrefix("/"), let fault = interpreterFault(interpreter) { return fault }
        guard interpreter.hasSuffix("/env"), words.count > 1 else { return nil }
        // Of `env -S python3 -u` and `env A=B python3` the first plain word.
        let asked = words.dropFirst().first { !$0.hasPrefix("-") && !$0.contains("=") }
        guard let asked, !asked.contains("/") else { return nil }
        let isThere = search.split(separator: ":").contains { access(locate("\($0)/\(asked)"), F_OK) == 0 }
        guard !isThere else { return nil }
        return LockstepError(
            .notFound,
            "\(name) cannot be executed: its interpreter \(asked), which its first line asks env for, is in "
                + "no folder of PATH (\(search))")
    }

    private func interpreterFault(_ interpreter: String) -> LockstepError? {
        var status = stat()
        guard stat(locate(interpreter), &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { return nil }
            return LockstepError(
                .notFound,
                "\(name) cannot be executed: its interpreter \(interpreter), which its first line names, is "
                    + "not there")
        }
        guard FileTree.kind(status.st_mode) == .file, status.st_mode & 0o111 != 0 else {
            return wrong(
                "cannot be executed: its interpreter \(interpreter), which its first line names, is no "
                    + "program")
        }
        return nil
    }

    /// What its first line, or its ELF header, says that runs it; empty where neither says anything.
    package var interpreter: String {
        guard head.starts(with: Array("#!".utf8)) else { return loader.map { " \($0)" } ?? "" }
        let line = String(decoding: head.dropFirst(2).prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        return " " + line.split(separator: " ").joined(separator: " ")
    }

    /// Why the kernel denied it.
    package var denial: LockstepError {
        var status = stat()
        guard stat(locate(path), &status) == 0 else {
            return LockstepError(
                .denied, "\(name) cannot be executed: the program's user may not look into its folder")
        }
        guard status.st_mode & 0o111 != 0 else {
            return LockstepError(
                .denied,
                "\(name) cannot be executed: it has no execute permission; chmod +x it, or name its "
                    + "interpreter first, as in [/bin/sh, \(name)]")
        }
        return LockstepError(
            .denied,
            "\(name) cannot be executed: the program's user has no execute permission for it, or its file "
                + "system runs no programs (noexec)")
    }

    private func wrong(_ words: String) -> LockstepError {
        LockstepError(.configuration, "\(name) \(words)")
    }
}
