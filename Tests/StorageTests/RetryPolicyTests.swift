import Diagnostics
import ObjectStores
import Synchronization
import Testing

@Suite struct RetryPolicyTests {
    @Test(arguments: [
        (LockstepError.Code.network, 5), (.damaged, 3), (.notFound, 1), (.denied, 1), (.full, 1),
        (.conflict, 1),
        (.configuration, 1), (.io, 1),
    ])
    func `the kind of error decides how often`(_ code: LockstepError.Code, _ calls: Int) async {
        let pauses = Mutex<[Double]>([])
        let count = Atomic(0)
        let policy = RetryPolicy(attempts: 5, firstSeconds: 1, longestSeconds: 3) { seconds in
            pauses.withLock { $0.append(seconds) }
        }
        let error = await #expect(throws: LockstepError.self) {
            try await policy.run {
                count.add(1, ordering: .relaxed)
                throw LockstepError(code, "cannot read s3://b/k")
            }
        }
        #expect(count.load(ordering: .relaxed) == calls)
        let times = calls > 1 ? ", \(calls) times in a row" : ""
        #expect(error?.message == "cannot read s3://b/k" + times)
        let longest = [1.0, 2, 3, 3]
        for (pause, most) in zip(pauses.withLock { $0 }, longest) {
            #expect(pause <= most && pause >= most / 4)
        }
    }
}
