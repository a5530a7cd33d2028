import Storage

/// The Python package `lockstep`, which programs import without installing it. It is part of the binary, so
/// that a daemon needs no file beside it, and written into each host's tree.
public enum PythonPackage {
    /// Its folder, to be put on PYTHONPATH.
    ///
    /// - Parameter base: `/opt/ml`, or the folder that stands for it.
    public static func folder(_ base: String) -> String { base + "/lockstep-python" }

    /// The script that installs what a job's code asks for.
    static func installer(_ base: String) -> String { folder(base) + "/lockstep_install.py" }

    /// Writes it, and the installer beside it, below a host's base folder.
    public static func install(base: String) throws {
        try FileSystem.createFolder(folder(base))
        try AtomicFile.write(PackageResources.lockstep_py, to: folder(base) + "/lockstep.py")
        try AtomicFile.write(PackageResources.lockstep_install_py, to: installer(base))
    }
}
