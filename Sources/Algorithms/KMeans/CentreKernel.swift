import LinearAlgebra
import Tensors

/// Nearest centres of rows. A value: shared by threads.
///
/// Dense rows and centres are taken relative to `offset`, so that a common shift of all records costs
/// no digits. A row's nearest centre minimises ½‖c‖² − x·c, by one product a block; of equally near
/// ones the first. Its distance is then computed directly, so that nothing cancels.
struct CentreKernel: Sendable {
    let count: Int
    let featureCount: Int
    /// [count, features], relative to `offset`.
    let centres: [Float]
    /// Zero for sparse rows.
    let offset: [Float]
    private let halfNorms: [Double]
    /// [features, count], for sparse rows.
    private let transposed: [Float]

    init(centres: [Float], offset: [Float], isSparse: Bool) {
        let width = offset.count
        precondition(width > 0 && centres.count % width == 0, "centres are not [count, features]")
        count = centres.count / width
        featureCount = width
        self.centres = centres
        self.offset = offset
        let count = count
        halfNorms = (0..<count).map { centre in
            centres[centre * width..<(centre + 1) * width].reduce(0) { $0 + Double($1) * Double($1) } / 2
        }
        guard isSparse else {
            transposed = []
            return
        }
        var transposed = [Float](repeating: 0, count: centres.count)
        for centre in 0..<count {
            for feature in 0..<width {
                transposed[feature * count + centre] = centres[centre * width + feature]
            }
        }
        self.transposed = transposed
    }

    /// One row and its nearest centre.
    struct Match {
        /// Position in the rows asked for.
        let position: Int
        let centre: Int
        let squaredDistance: Double
    }

    /// A row as it lies in the block, relative to `offset`.
    enum Row {
        case dense(UnsafeBufferPointer<Float>)
        case sparse(SparseRows, Int)

        /// Adds the row, times `weight`, to a sum of rows, [features].
        func add(to sum: UnsafeMutableBufferPointer<Double>, weight: Double = 1) {
            switch self {
            case .dense(let values):
                if weight == 1 {
                    for column in 0..<values.count { sum[column] += Double(values[column]) }
                } else {
                    for column in 0..<values.count { sum[column] += weight * Double(values[column]) }
                }
            case .sparse(let rows, let index):
                for entry in rows.entries(of: index) {
                    sum[Int(rows.columnIndices[entry])] += weight * Double(rows.values[entry])
                }
            }
        }
    }

    /// Calls `body` for each of `rows`, in order.
    func forEachNearest(
        of features: FeatureMatrix, rows: [Int], _ body: (Match, Row) -> Void
    ) {
        forEachBlock(of: features, rows: rows) { range, products, block in
            for (index, position) in range.enumerated() {
                let centre = nearest(products, row: index)
                let row = block.row(index, width: featureCount)
                let match = Match(
                    position: position, centre: centre, squaredDistance: distance(of: row, to: centre))
                body(match, row)
            }
        }
    }

    private func nearest(_ products: UnsafeMutableBufferPointer<Float>, row: Int) -> Int {
        var best = 0
        var least = Double.infinity
        for centre in 0..<count {
            let value = halfNorms[centre] - Double(products[row * count + centre])
            if value < least {
                least = value
                best = centre
            }
        }
        return best
    }

    /// ‖row − centre‖².
    func distance(of row: Row, to centre: Int) -> Double {
        centres.withUnsafeBufferPointer { centres in
            let own = UnsafeBufferPointer(
                rebasing: centres[centre * featureCount..<(centre + 1) * featureCount])
            switch row {
            case .dense(let values):
                guard let a = values.baseAddress, let b = own.baseAddress else { return 0 }
                return SquaredDistance.between(a, b, count: featureCount)
            case .sparse(let rows, let index):
                // ‖c‖² + Σ over non-zeros of (x − c)² − c².
                var sum = 2 * halfNorms[centre]
                for entry in rows.entries(of: index) {
                    let value = Double(rows.values[entry])
                    sum += value * (value - 2 * Double(own[Int(rows.columnIndices[entry])]))
                }
                return max(0, sum)
            }
        }
    }

    enum Block {
        case dense(UnsafeBufferPointer<Float>)
        case sparse(SparseRows)

        func row(_ index: Int, width: Int) -> Row {
            switch self {
            case .dense(let values):
                .dense(UnsafeBufferPointer(rebasing: values[index * width..<(index + 1) * width]))
            case .sparse(let rows): .sparse(rows, index)
            }
        }
    }

    /// Products x·c [rows, count], block by block; blocks depend on width and number of rows only.
    private func forEachBlock(
        of features: FeatureMatrix, rows: [Int],
        _ body: (Range<Int>, UnsafeMutableBufferPointer<Float>, Block) -> Void
    ) {
        let blockRows = max(16, min(256, (1 << 20) / featureCount))
        let largest = min(blockRows, rows.count)
        guard largest > 0 else { return }
        let blocks = stride(from: 0, to: rows.count, by: blockRows)
            .map { $0..<min($0 + blockRows, rows.count) }
        let products = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest * count)
        defer { products.deallocate() }
        switch features {
        case .dense(let matrix):
            let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest * featureCount)
            defer { scratch.deallocate() }
            for range in blocks {
                RowGather.normalised(matrix, rows: rows[range], shift: offset, factor: nil, into: scratch)
                centres.withUnsafeBufferPointer { centres in
                    MatrixProducts.timesTransposed(
                        UnsafeBufferPointer(scratch), centres, into: products, rows: range.count,
                        columns: count, inner: featureCount)
                }
                body(range, products, .dense(UnsafeBufferPointer(scratch)))
            }
        case .sparse(let matrix):
            SparseRows.with(matrix, rows: rows) { all in
                for range in blocks {
                    let block = all.block(range)
                    transposed.withUnsafeBufferPointer { transposed in
                        SparseProducts.times(
                            block, transposed, columns: count, factor: nil, into: products)
                    }
                    body(range, products, .sparse(block))
                }
            }
        }
    }
}
