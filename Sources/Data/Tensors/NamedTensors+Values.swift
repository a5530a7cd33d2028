extension NamedTensors {
    // For the setter of `Algorithm.state`, which gets nothing but what its getter gave.

    /// The values of the tensor `name`; traps when there is none, or its element type is another.
    public func floats(_ name: String) -> [Float] { required(name).floats }
    /// The values of the tensor `name`; traps when there is none, or its element type is another.
    public func doubles(_ name: String) -> [Double] { required(name).doubles }
    /// The values of the tensor `name`; traps when there is none, or its element type is another.
    public func int64s(_ name: String) -> [Int64] { required(name).int64s }

    /// The rows of the matrix `name`; traps when there is none, or it is no `float64` matrix.
    public func doubleRows(_ name: String) -> [[Double]] { required(name).doubleRows }

    private func required(_ name: String) -> Tensor {
        guard let tensor = self[name] else {
            preconditionFailure("there is no tensor \(name) among " + names.joined(separator: ", "))
        }
        return tensor
    }
}
