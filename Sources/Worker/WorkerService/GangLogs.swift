import Diagnostics
import Foundation
import Glibc

/// The log files of an attempt: one a rank, a line being `SECONDS<tab>TEXT`, appended as they come.
struct GangLogs {
    private let folder: AttemptFolder
    private var descriptors: [Int?: Int32] = [:]
    /// The last lines of standard error of each rank (`nil`: of `mpirun`), for the end's message.
    private(set) var errors: [Int?: [String]] = [:]
    /// The first complaint about a file that cannot be written; training goes on without its log.
    private(set) var failure: LockstepError?

    /// Lines of standard error that are kept for the end's message.
    static let keptErrors = 8

    init(_ folder: AttemptFolder) { self.folder = folder }

    mutating func append(_ lines: [TaggedOutput.Line], isError: Bool, at time: Double) {
        var texts: [Int?: [UInt8]] = [:]
        for line in lines {
            let stamp = String(format: "%.3f", time)
            // A sentence may name a file whose name has a newline in it.
            for text in line.text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
                texts[line.rank, default: []] += Array("\(stamp)\t".utf8) + text + [0x0A]
            }
            if isError { keep(line) }
        }
        for (rank, bytes) in texts { write(bytes, rank) }
    }

    /// Last lines that the rank wrote to standard error, or `mpirun` when it wrote none.
    func message(rank: Int?) -> String? {
        let lines = rank.flatMap { errors[$0] } ?? errors[nil] ?? errors.values.first ?? []
        let text = lines.filter { !$0.allSatisfy { $0 == "-" || $0 == " " } }.joined(separator: " ")
        return text.isEmpty ? nil : String(text.prefix(1000))
    }

    mutating func close() {
        for descriptor in descriptors.values {
            fsync(descriptor)
            Glibc.close(descriptor)
        }
        descriptors = [:]
    }

    private mutating func keep(_ line: TaggedOutput.Line) {
        let text = line.text.trimmingCharacters(in: .whitespaces)
        guard !text.isEmpty else { return }
        errors[line.rank, default: []].append(text)
        if errors[line.rank, default: []].count > Self.keptErrors { errors[line.rank]?.removeFirst() }
    }

    private mutating func write(_ bytes: [UInt8], _ rank: Int?) {
        let path = rank.map(folder.logFile(rank:)) ?? folder.launcherLog
        if descriptors[rank] == nil {
            descriptors[rank] = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.write(descriptors[rank] ?? -1, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                failure = failure ?? LockstepError(.io, "cannot write \(path): \(reason)")
                return
            }
            rest = rest.dropFirst(count)
        }
    }
}
