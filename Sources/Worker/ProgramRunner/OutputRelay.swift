import Diagnostics
import Dispatch
import Foundation
import Glibc
import ProgramContract

/// Takes a program's output line by line to the runner's own, and finds its metrics on the way.
///
/// Sound as `Sendable`: everything but the semaphore belongs to the relay's thread until `finish` has
/// waited for its end.
package final class OutputRelay: @unchecked Sendable {
    /// A host's further output is left out.
    static let bytesMax = 64 << 20
    /// How many of its last errors a program is remembered for.
    private static let tailMax = 5

    /// How often a stream is looked at that waits for time to pass.
    private static let tickMilliseconds: Int32 = 250

    private var streams: [OutputStream]
    private var finder: MetricFinder
    private let report: @Sendable (ProgramReport) -> Void
    private let isDone = DispatchSemaphore(value: 0)
    private var bytesLeft: Int
    private var tail: [[UInt8]] = []

    /// - Parameters:
    ///   - output: what the program writes to standard output is read here; closed at its end.
    ///   - error: the same for standard error.
    ///   - report: called for each metric, on the relay's thread.
    init(
        output: Int32, error: Int32, finder: MetricFinder, bytesMax: Int = OutputRelay.bytesMax,
        report: @escaping @Sendable (ProgramReport) -> Void
    ) {
        streams = [
            OutputStream(descriptor: output, target: 1), OutputStream(descriptor: error, target: 2),
        ]
        self.finder = finder
        self.report = report
        bytesLeft = bytesMax
    }

    func start() {
        Thread.detachNewThread { [self] in
            while !streams.isEmpty { turn() }
            isDone.signal()
        }
    }

    /// Waits until all output is through; the program must be gone.
    ///
    /// - Returns: its last lines on standard error; `nil` when there are none, or the runner's own output
    ///   takes nothing any more.
    func finish(seconds: Double) -> String? {
        guard isDone.wait(timeout: .now() + seconds) == .success else { return nil }
        return FailureFile.text(Array(tail.joined(separator: [0x0A])))
    }

    private func turn() {
        var polls = streams.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let patience = streams.contains(where: \.isWaiting) ? Self.tickMilliseconds : -1
        let ready = poll(&polls, nfds_t(polls.count), patience)
        guard ready >= 0 else { return }
        for index in streams.indices.reversed() {
            if polls[index].revents != 0 { read(index) } else { look(index) }
        }
    }

    private func look(_ index: Int) {
        let isError = streams[index].target == 2
        var out: [UInt8] = []
        streams[index].look(at: ProgramProcess.now()) { log($0, &out, isError: isError) }
        RunnerOutput.write(out, to: streams[index].target)
    }

    private func read(_ index: Int) {
        var stream = streams[index]
        var out: [UInt8] = []
        let isError = stream.target == 2
        let now = ProgramProcess.now()
        // Nobody would see or search any of it.
        let isIdle = !isError && bytesLeft < 0 && finder.isEmpty
        let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { chunk in
            let count = Glibc.read(stream.descriptor, chunk.baseAddress, chunk.count)
            if count > 0, !isIdle {
                let bytes = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(chunk)[..<count])
                stream.feed(bytes, at: now, search: search) { log($0, &out, isError: isError) }
            }
            return count
        }
        if count < 0, errno == EINTR { return }
        if count <= 0 { stream.finish(search: search) { log($0, &out, isError: isError) } }
        RunnerOutput.write(out, to: stream.target)
        streams[index] = stream
        if count <= 0 {
            close(stream.descriptor)
            streams.remove(at: index)
        }
    }

    private func search(_ piece: UnsafeBufferPointer<UInt8>) {
        let metrics = finder.find(in: piece) { name in
            RunnerOutput.note(
                "MetricDefinitions \(name) is not looked for any more: its Regex takes too long for a line; "
                    + "write it without repetitions in repetitions")
        }
        for metric in metrics {
            var found = ProgramReport(.metric)
            (found.name, found.value) = (metric.name, metric.value)
            report(found)
        }
    }

    private func log(_ line: UnsafeBufferPointer<UInt8>, _ out: inout [UInt8], isError: Bool) {
        if isError, !line.isEmpty {
            if tail.count == Self.tailMax { tail.removeFirst() }
            tail.append(Array(line.prefix(FailureFile.charactersMax)))
        }
        guard bytesLeft >= 0 else { return }
        bytesLeft -= line.count + 1
        guard bytesLeft >= 0 else {
            out += Array("lockstep: this host has written its share of output; the rest is left out\n".utf8)
            return
        }
        var text: [UInt8] = []
        Self.repair(line, into: &text)
        OutputCode.encode(text, into: &out)
        out.append(0x0A)
    }

    /// Appends text as it is, and anything else as valid UTF-8.
    package static func repair(_ line: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        if line.allSatisfy({ $0 < 0x80 && $0 != 0 }) {
            out += line
        } else {
            let text = String(decoding: line, as: UTF8.self)
            out += Array(text.replacing("\0", with: "\u{FFFD}").utf8)
        }
    }
}
