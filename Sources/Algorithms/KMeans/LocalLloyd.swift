import RecordOrder
import Tensors
import Training

#if canImport(Glibc)
    import Glibc
#endif

/// Weighted k-means over points in memory: the reduction of K centres to k, and the choice of first
/// centres on a sample. Serial, and a function of its arguments: every rank does it for itself.
struct LocalLloyd {
    struct Options: Sendable {
        var start: KMeansConfiguration.Start
        var maxIterations: Int
        /// Relative fall of the loss below which it ends.
        var tolerance: Double
        /// Starts, of which the best counts.
        var trials: Int
    }

    let points: FeatureMatrix
    /// One weight a point; negative ones are not allowed.
    let weights: [Double]
    let offset: [Float]

    private var isSparse: Bool {
        if case .sparse = points { return true }
        return false
    }
    private var rows: [Int] { Array(0..<points.rows) }

    /// Centres [count, features] relative to `offset`, the best of `options.trials` starts.
    func centres(_ count: Int, options: Options, key: RandomKey) -> [Float] {
        precondition(count > 0 && count <= points.rows, "\(count) centres of \(points.rows) points")
        var best: (loss: Double, centres: [Float])?
        for trial in 0..<options.trials {
            let own = key.child(.index(trial))
            let chosen = start(count, options.start, key: own)
            let found = improved(gathered(chosen), options: options)
            if best.map({ found.loss < $0.loss }) ?? true { best = found }
        }
        return best?.centres ?? []
    }

    /// Positions of `count` different points to start with.
    func start(_ count: Int, _ method: KMeansConfiguration.Start, key: RandomKey) -> [Int] {
        switch method {
        case .random:
            let permutation = KeyedPermutation(count: points.rows, key: key)
            return (0..<count).map { permutation[$0] }
        case .plusPlus:
            return plusPlus(count, key: key)
        }
    }

    /// Lloyd's iterations from `first`; an emptied centre moves to the point that costs most.
    private func improved(_ first: [Float], options: Options) -> (loss: Double, centres: [Float]) {
        let width = offset.count
        let count = first.count / width
        var centres = first
        var previous = Double.infinity
        for _ in 0..<options.maxIterations {
            var sums = [Double](repeating: 0, count: centres.count)
            var mass = [Double](repeating: 0, count: count)
            var costs = [Double](repeating: 0, count: points.rows)
            let kernel = CentreKernel(centres: centres, offset: offset, isSparse: isSparse)
            sums.withUnsafeMutableBufferPointer { sums in
                kernel.forEachNearest(of: points, rows: rows) { match, row in
                    let weight = weights[match.position]
                    costs[match.position] = weight * match.squaredDistance
                    mass[match.centre] += weight
                    let start = match.centre * width
                    row.add(
                        to: UnsafeMutableBufferPointer(rebasing: sums[start..<start + width]),
                        weight: weight)
                }
            }
            let loss = costs.reduce(0, +)
            if loss >= previous || previous - loss <= options.tolerance * loss {
                return loss < previous ? (loss, centres) : (previous, centres)
            }
            previous = loss
            var farthest = costs
            for centre in 0..<count {
                if mass[centre] > 0 {
                    for column in centre * width..<(centre + 1) * width {
                        centres[column] = Float(sums[column] / mass[centre])
                    }
                } else if let point = farthest.indices.max(by: { farthest[$0] < farthest[$1] }) {
                    centres.replaceSubrange(
                        centre * width..<(centre + 1) * width, with: gathered([point]))
                    farthest[point] = 0
                }
            }
        }
        return (previous, centres)
    }

    /// Chosen points as dense rows relative to `offset`.
    func gathered(_ chosen: [Int]) -> [Float] {
        let width = offset.count
        var out = [Float](repeating: 0, count: chosen.count * width)
        for (index, row) in chosen.enumerated() {
            switch points {
            case .dense(let matrix):
                for column in 0..<width {
                    out[index * width + column] = matrix.values[row * width + column] - offset[column]
                }
            case .sparse(let matrix):
                for entry in matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1] {
                    out[index * width + Int(matrix.columnIndices[entry])] = matrix.values[entry]
                }
            }
        }
        return out
    }
}

extension LocalLloyd {
    /// k-means++ (Arthur and Vassilvitskii, SODA 2007, section 2.2), the greedy form: of 2 + ln k
    /// candidates drawn by weight times squared distance, the one that leaves the least cost.
    private func plusPlus(_ count: Int, key: RandomKey) -> [Int] {
        let candidateCount = 2 + Int(log(Double(count)))
        var chosen = [Self.draw(weights, at: key.child(.index(0)).unit)]
        var costs = distances(to: [chosen[0]])[0]
        while chosen.count < count {
            let own = key.child(.index(chosen.count))
            let mass = zip(weights, costs).map { $0 * $1 }
            // Where all distances are 0 the rest are copies: any will do.
            let usable = mass.contains { $0 > 0 } ? mass : weights
            let candidates = (0..<candidateCount).map { Self.draw(usable, at: own.child(.index($0)).unit) }
            let reached = distances(to: candidates).map { distances in
                zip(costs, distances).map { min($0, $1) }
            }
            let losses = reached.map { zip(weights, $0).reduce(0) { $0 + $1.0 * $1.1 } }
            var best = 0
            for index in 1..<candidateCount where losses[index] < losses[best] { best = index }
            chosen.append(candidates[best])
            costs = reached[best]
        }
        return chosen
    }

    /// Squared distances of all points to each of the given points.
    private func distances(to chosen: [Int]) -> [[Double]] {
        chosen.map { point in
            var found = [Double](repeating: 0, count: points.rows)
            let kernel = CentreKernel(centres: gathered([point]), offset: offset, isSparse: isSparse)
            kernel.forEachNearest(of: points, rows: rows) { match, _ in
                found[match.position] = match.squaredDistance
            }
            return found
        }
    }

    /// The position at which the running sum of `mass` passes `share` of the whole.
    private static func draw(_ mass: [Double], at share: Double) -> Int {
        let target = share * mass.reduce(0, +)
        var sum = 0.0
        var last = 0
        for (index, part) in mass.enumerated() where part > 0 {
            sum += part
            last = index
            if sum > target { return index }
        }
        return last
    }
}
