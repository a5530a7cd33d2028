import Diagnostics
import Foundation
import Synchronization

/// The same calls of one server: creations into an empty and into a long queue, descriptions, pages of a
/// list.
struct APIMeasurement {
    /// Creations a second with an empty queue and with all but the last thousand jobs waiting.
    private(set) var creationRates: (empty: Double, full: Double) = (0, 0)
    private var descriptions: [Double] = []
    private var pages: [Double] = []
    private let jobs: Int
    private let clients: Int
    private let timed: Int

    /// Creations that are timed at either end.
    private static let timedCount = 1_000

    init(server: APIBenchServer, clients: Int, jobs: Int, page: Int) throws {
        let timed = min(Self.timedCount, jobs / 2)
        (self.jobs, self.clients, self.timed) = (jobs, clients, timed)
        creationRates.empty = Self.rate(
            try Self.calls(server, clients, 0..<timed) { Self.creation($0) }, of: timed)
        _ = try Self.calls(server, clients, timed..<jobs - timed) { Self.creation($0) }
        creationRates.full = Self.rate(
            try Self.calls(server, clients, jobs - timed..<jobs) { Self.creation($0) }, of: timed)
        descriptions = try Self.calls(server, clients, 0..<2 * timed) { index in
            ("DescribeTrainingJob", #"{"TrainingJobName":"\#(Self.name(index * 7919 % jobs))"}"#)
        }.latencies.sorted()
        pages = try Self.pages(of: server, size: page)
        guard pages.count == (jobs + page - 1) / page else {
            throw LockstepError(.bug, "\(pages.count) pages of \(page) for \(jobs) jobs")
        }
        pages.sort()
    }

    var lines: [String] {
        func milliseconds(_ values: [Double], _ share: Double) -> String {
            let index = min(values.count - 1, Int(Double(values.count) * share))
            return values.isEmpty ? "-" : String(format: "%.2f ms", values[index] * 1e3)
        }
        return [
            String(
                format: "CreateTrainingJob  %.0f/s with an empty queue, %.0f/s with %d waiting, %d clients",
                creationRates.empty, creationRates.full, jobs - timed, clients),
            "DescribeTrainingJob  p50 \(milliseconds(descriptions, 0.5)), "
                + "p99 \(milliseconds(descriptions, 0.99)) with \(jobs) jobs, \(clients) clients",
            "ListTrainingJobs  p50 \(milliseconds(pages, 0.5)), slowest \(milliseconds(pages, 1)) a page,"
                + " \(pages.count) pages",
        ]
    }

    private struct Calls {
        var latencies: [Double] = []
        var seconds = 0.0
    }

    private static func rate(_ calls: Calls, of count: Int) -> Double { Double(count) / calls.seconds }

    /// Makes calls from many connections at once, each with the next number that is left.
    private static func calls(
        _ server: APIBenchServer, _ clients: Int, _ range: Range<Int>,
        _ call: @escaping @Sendable (Int) -> (operation: String, body: String)
    ) throws -> Calls {
        let state = CallState(range)
        let port = server.port
        let begin = DispatchTime.now().uptimeNanoseconds
        let group = DispatchGroup()
        for _ in 0..<clients {
            group.enter()
            Thread {
                state.run(port: port, call)
                group.leave()
            }.start()
        }
        group.wait()
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
        return Calls(latencies: try state.latencies(), seconds: seconds)
    }

    /// Seconds of each page, from the newest job to the oldest.
    private static func pages(of server: APIBenchServer, size: Int) throws -> [Double] {
        let connection = try APIConnectionProbe(port: server.port)
        var seconds: [Double] = []
        var token: String?
        repeat {
            var request: [String: Any] = ["MaxResults": size]
            if let token { request["NextToken"] = token }
            let body = String(decoding: try JSONSerialization.data(withJSONObject: request), as: UTF8.self)
            let start = DispatchTime.now().uptimeNanoseconds
            let answer = try connection.call("ListTrainingJobs", body)
            seconds.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
            let page = try JSONSerialization.jsonObject(with: Data(answer)) as? [String: Any]
            token = page?["NextToken"] as? String
        } while token != nil
        return seconds
    }

    private static func name(_ index: Int) -> String { "bench-\(index)" }

    private static func creation(_ index: Int) -> (operation: String, body: String) {
        let body = """
            {"TrainingJobName":"\(name(index))","AlgorithmSpecification":{"TrainingImage":"linear-learner",\
            "TrainingInputMode":"File"},"RoleArn":"arn:aws:iam::000000000000:role/bench",\
            "HyperParameters":{"predictor_type":"regressor","epochs":"3"},\
            "InputDataConfig":[{"ChannelName":"train","ContentType":"text/csv",\
            "DataSource":{"S3DataSource":{"S3DataType":"S3Prefix",\
            "S3Uri":"file:///var/tmp/lockstep-bench/data"}}}],\
            "OutputDataConfig":{"S3OutputPath":"file:///var/tmp/lockstep-bench/out"},\
            "ResourceConfig":{"InstanceType":"local","InstanceCount":1,"VolumeSizeInGB":1},\
            "StoppingCondition":{"MaxRuntimeInSeconds":600}}
            """
        return ("CreateTrainingJob", body)
    }
}

/// Calls that several threads share out among each other.
private final class CallState: Sendable {
    private struct State {
        var next: Int
        var latencies: [Double] = []
        var error: (any Error)?
    }
    private let end: Int
    private let state: Mutex<State>

    init(_ range: Range<Int>) {
        end = range.upperBound
        state = Mutex(State(next: range.lowerBound))
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < end, state.error == nil else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    /// Makes calls over a connection of its own until none is left.
    func run(port: Int, _ call: @Sendable (Int) -> (operation: String, body: String)) {
        do {
            let connection = try APIConnectionProbe(port: port)
            var own: [Double] = []
            while let index = take() {
                let (operation, body) = call(index)
                let start = DispatchTime.now().uptimeNanoseconds
                _ = try connection.call(operation, body)
                own.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
            }
            state.withLock { $0.latencies += own }
        } catch {
            state.withLock { $0.error = $0.error ?? error }
        }
    }

    /// - Throws: the first error of any thread.
    func latencies() throws -> [Double] {
        let (latencies, error) = state.withLock { ($0.latencies, $0.error) }
        if let error { throw error }
        return latencies
    }
}
