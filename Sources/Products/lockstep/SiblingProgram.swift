import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// Programs of Lockstep that lie beside this one.
enum SiblingProgram {
    /// Path of a program in the same folder as this one.
    static func path(_ name: String) throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else {
            throw LockstepError(.io, "cannot find this program's own folder through /proc/self/exe")
        }
        let own = String(decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
        return folder + "/" + name
    }
}
