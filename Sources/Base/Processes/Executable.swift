import Glibc

/// Finding programs as a shell does.
package enum Executable {
    /// The first file of that name in the folders of `search` that can be executed.
    package static func find(_ name: String, search: String) -> String? {
        for folder in search.split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/\(name)"
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 {
                return path
            }
        }
        return nil
    }
}
