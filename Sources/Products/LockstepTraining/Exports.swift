// `import LockstepTraining` is all that an author's file needs: decision record 0010.
@_exported public import AlgorithmSpecs
@_exported public import Diagnostics
@_exported public import LinearAlgebra
@_exported public import RecordOrder
@_exported public import Tensors
@_exported public import Training
