import RecordOrder
import Tensors
import Testing
import Training

@Suite struct KeyedPermutationTests {
    @Test(arguments: [0, 1, 2, 3, 4, 5, 16, 17, 100, 1000])
    func `every position is hit once`(count: Int) {
        let permutation = KeyedPermutation(count: count, key: RandomKey(seed: 3).child(.epoch(1)))
        #expect(Set((0..<count).map { permutation[$0] }) == Set(0..<count))
    }

    @Test func `keys give different orders`() {
        let orders = (0..<20).map { epoch in
            let permutation = KeyedPermutation(count: 50, key: RandomKey(seed: 3).child(.epoch(epoch)))
            return (0..<50).map { permutation[$0] }
        }
        #expect(Set(orders).count == 20)
    }

    @Test(arguments: [1, 2, 7, 40, 41])
    func `the batches of an epoch use each record once`(batchCount: Int) {
        let count = 40
        let matrix = DenseMatrix(rows: count, columns: 1, values: (0..<count).map(Float.init))
        let shard = LogicalShard(
            index: 2, count: 5, firstRecord: 0, records: Records(features: .dense(matrix), labels: []),
            seed: 8)
        for epoch in 0..<3 {
            let used = (0..<batchCount).flatMap { batch -> [Float] in
                guard case .dense(let rows) = shard.batch(epoch: epoch, batch: batch, of: batchCount).features
                else { return [] }
                return rows.values
            }
            #expect(used.sorted() == matrix.values)
        }
    }
}
