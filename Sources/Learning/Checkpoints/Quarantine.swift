import Storage

/// Renames damaged things out of the way; they are never deleted.
package enum Quarantine {
    /// Renames `path` to `path.damaged`, or `path.damaged-2` and so on where that exists.
    package static func setAside(_ path: String, suffix: String = ".damaged") throws -> String {
        var target = path + suffix
        var number = 2
        while try FileSystem.kind(of: target) != nil {
            target = path + suffix + "-\(number)"
            number += 1
        }
        try FileSystem.rename(path, to: target)
        return target
    }
}
