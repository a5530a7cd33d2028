import Diagnostics

extension FixedPointSum {
    /// - Throws: `LockstepError(.numerics)` when the world's exponents tell of a value that is not
    ///   finite: on every rank. The ranks then agree on the first such element.
    func checkFinite(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        let exponents = UnsafeBufferPointer(start: chunk.exponents, count: chunk.blockCount)
        guard exponents.contains(Format.nonFiniteExponent) else { return }
        var first = Int64.max
        for part in chunk.parts {
            guard let found = Format.firstNonFinite(part, count: chunk.count) else { continue }
            first = min(first, Int64(chunk.start + found.index) * 2 + (found.isNaN ? 0 : 1))
        }
        if task.communicator.size > 1 { first = -(try task.communicator.maximum(-first)) }
        throw LockstepError(
            .numerics,
            "tensor \(task.name) holds \(first % 2 == 0 ? "a NaN" : "an infinity") at step \(task.step), "
                + "first at element \(first / 2)")
    }

    /// - Throws: `LockstepError(.numerics)` when a sum is out of range: on every rank, since all hold the
    ///   same sums.
    func checkRange(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        let risky = Format.riskyExponent(headroom: headroom)
        for block in chunk.blocks where chunk.exponents[block] >= risky {
            let slice = chunk.slice(block..<block + 1)
            guard let bad = Format.firstNonFinite(slice.result, count: slice.count) else { continue }
            throw LockstepError(
                .numerics,
                "the sum of tensor \(task.name) leaves the range of \(Format.typeName) at step "
                    + "\(task.step), first at element \(slice.start + bad.index)")
        }
    }
}
