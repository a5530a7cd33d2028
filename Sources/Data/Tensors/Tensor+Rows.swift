extension Tensor {
    // For states that are written by hand; those of the built-ins name their shapes.

    /// A vector, shape [count].
    public init(_ values: [Float]) { self.init(values, shape: [values.count]) }
    /// A vector, shape [count].
    public init(_ values: [Double]) { self.init(values, shape: [values.count]) }
    /// A vector, shape [count].
    public init(_ values: [Int64]) { self.init(values, shape: [values.count]) }

    /// A matrix, shape [rows, columns]; the rows must be of one length.
    public init(rows: [[Double]]) {
        let width = rows.first?.count ?? 0
        precondition(rows.allSatisfy { $0.count == width }, "rows of a tensor differ in length")
        self.init(rows.flatMap { $0 }, shape: [rows.count, width])
    }

    /// The rows of a matrix; traps when it has another number of sides, or is not `float64`.
    public var doubleRows: [[Double]] {
        precondition(shape.count == 2, "a tensor of shape \(shape) has no rows")
        let (values, width) = (doubles, shape[1])
        return (0..<shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
}
