import Collectives
import Foundation
import Threading

/// The constants of `AllreduceModel` that one process can measure.
enum ScaleMeasurement {
    private static let count = 1 << 22

    /// Arithmetic of one thread, medians.
    static func arithmetic() throws -> AllreduceModel.Arithmetic {
        let values = (0..<2).map { _ in UnsafeMutableBufferPointer<Float>.allocate(capacity: count) }
        defer { for buffer in values { buffer.deallocate() } }
        for index in 0..<count {
            values[0][index] = Float((index &* 7919) % 20_011 - 10_005) / 10_007
            values[1][index] = 0
        }
        let sum = ExactSum(communicator: SoloCommunicator(), team: ThreadTeam(count: 1), shardCount: 32)
        let exact = try median {
            try sum.sum([values[0]], count: count, name: "w", step: 0, into: values[1])
        }
        let add = try median {
            for index in 0..<count { values[1][index] += values[0][index] }
        }
        return AllreduceModel.Arithmetic(exact: exact / Double(count), add: add / Double(count))
    }

    /// Seconds of `body`, the median of some runs after a first one.
    private static func median(_ body: () throws -> Void) throws -> Double {
        try body()
        var times: [Double] = []
        for _ in 0..<15 {
            let start = DispatchTime.now().uptimeNanoseconds
            try body()
            times.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
        }
        return times.sorted()[times.count / 2]
    }
}
