import LinearAlgebra
import Tensors

/// Scores and gradients of one shard's rows under fixed weights. A value: shared by threads.
///
/// Shapes: weights [outputs, features], scores [rows, outputs]; several models are scored as one with all
/// their outputs, in one product of matrices. Dense rows are normalised while they
/// are gathered. Sparse rows are scaled only; the shift, which would fill their zeros, goes into the
/// intercept, and into the gradient after it has been summed (`shiftedGradient`).
public struct LinearKernel: Sendable {
    /// Of all models.
    let outputs: Int
    /// Models that are scored side by side, each with as many outputs.
    let models: Int
    var outputsOfModel: Int { outputs / models }
    let featureCount: Int
    /// In units of the normalised label.
    let loss: Loss
    let weights: [Float]
    let scaler: Scaler
    /// Weight of a record by its class (0 and 1 of a binary classifier), or empty for all 1.
    let classWeights: [Float]
    let isSparse: Bool
    /// [features, outputs], for sparse rows.
    private let transposed: [Float]
    /// Intercepts, less what the shift takes away where rows are sparse.
    private let intercepts: [Float]

    /// - Parameters:
    ///   - weights: [outputs, features].
    ///   - bias: [outputs].
    public init(
        loss: Loss, weights: [Float], bias: [Float], scaler: Scaler, classWeights: [Float],
        isSparse: Bool, models: Int = 1
    ) {
        outputs = bias.count
        self.models = models
        featureCount = scaler.shift.count
        precondition(weights.count == outputs * featureCount, "weights are not [outputs, features]")
        self.loss = loss
        self.weights = weights
        self.scaler = scaler
        self.classWeights = classWeights
        self.isSparse = isSparse
        guard isSparse else {
            transposed = []
            intercepts = bias
            return
        }
        var transposed = [Float](repeating: 0, count: weights.count)
        var intercepts = bias
        for output in 0..<outputs {
            var taken = 0.0
            for feature in 0..<featureCount {
                let weight = weights[output * featureCount + feature]
                transposed[feature * outputs + output] = weight
                taken += Double(weight) * scaler.relativeShift(of: feature)
            }
            intercepts[output] = Float(Double(bias[output]) - taken)
        }
        self.transposed = transposed
        self.intercepts = intercepts
    }

    /// One block's features as the products want them.
    enum Block {
        case dense(UnsafeBufferPointer<Float>)
        case sparse(SparseRows)
    }

    /// Scores of `rows`, block by block; `body` gets the positions in `rows`, the scores, which it may
    /// overwrite, and the features. Blocks depend on the width and the number of rows only.
    func forEachBlock(
        of features: FeatureMatrix, rows: [Int],
        _ body: (Range<Int>, UnsafeMutableBufferPointer<Float>, Block) throws -> Void
    ) rethrows {
        let blockRows = max(16, min(512, (1 << 20) / max(1, featureCount)))
        let largest = min(blockRows, rows.count)
        guard largest > 0 else { return }
        let blocks = stride(from: 0, to: rows.count, by: blockRows)
            .map { $0..<min($0 + blockRows, rows.count) }
        let scores = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest * outputs)
        defer { scores.deallocate() }
        switch features {
        case .dense(let matrix):
            let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: largest * featureCount)
            defer { scratch.deallocate() }
            for range in blocks {
                RowGather.normalised(
                    matrix, rows: rows[range], shift: scaler.shift, factor: scaler.factor, into: scratch)
                weights.withUnsafeBufferPointer { weights in
                    MatrixProducts.timesTransposed(
                        UnsafeBufferPointer(scratch), weights, into: scores, rows: range.count,
                        columns: outputs, inner: featureCount)
                }
                addIntercepts(to: scores, rows: range.count)
                try body(range, scores, .dense(UnsafeBufferPointer(scratch)))
            }
        case .sparse(let matrix):
            try SparseRows.with(matrix, rows: rows) { all in
                for range in blocks {
                    let block = all.block(range)
                    transposed.withUnsafeBufferPointer { transposed in
                        scaler.factor.withUnsafeBufferPointer { factor in
                            SparseProducts.times(
                                block, transposed, columns: outputs, factor: factor, into: scores)
                        }
                    }
                    addIntercepts(to: scores, rows: range.count)
                    try body(range, scores, .sparse(block))
                }
            }
        }
    }

    private func addIntercepts(to scores: UnsafeMutableBufferPointer<Float>, rows: Int) {
        intercepts.withUnsafeBufferPointer { intercepts in
            for row in 0..<rows {
                for output in 0..<outputs { scores[row * outputs + output] += intercepts[output] }
            }
        }
    }
}

extension Scaler {
    /// Shift over unit: what the shift means for a scaled feature.
    func relativeShift(of feature: Int) -> Double {
        Double(shift[feature]) * Double(factor[feature])
    }
}
