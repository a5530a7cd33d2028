import CMPI
import Diagnostics

/// Maps MPI's return codes to errors.
enum MPIStatus {
    /// - Throws: `LockstepError(.network)` with MPI's own text when `status` is not success.
    static func check(_ status: Int32, _ call: String, rank: Int) throws {
        guard status != MPI_SUCCESS else { return }
        throw LockstepError(.network, "\(call) failed on rank \(rank): \(text(of: status))")
    }

    private static func text(of status: Int32) -> String {
        var length: Int32 = 0
        let bytes = [CChar](unsafeUninitializedCapacity: Int(MPI_MAX_ERROR_STRING)) { buffer, count in
            MPI_Error_string(status, buffer.baseAddress, &length)
            count = Int(length)
        }
        return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
