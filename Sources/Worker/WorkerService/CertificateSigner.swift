import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Processes
import Storage

/// Signs the certificate that a completed attempt has left, before the coordinator hears of the end.
///
/// The job's folder is the user's: no link in it is followed, nothing but a plain file of a sensible size is
/// read, and nothing but `certificate.sig` is written.
struct CertificateSigner {
    let key: ClusterKey
    let worker: WorkerID

    /// A certificate is a few kilobytes.
    private static let mostBytes = 16 << 20

    /// - Parameter user: with whose rights the job's folder is read and written; `nil`: this process's.
    /// - Returns: whether there was a certificate to sign.
    /// - Throws: `LockstepError` saying why it could not be signed.
    func sign(_ folder: AttemptFolder, user: JobUser?) throws -> Bool {
        let job = try folder.job()
        guard let request = try folder.plan().requestDigest else {
            throw LockstepError(.damaged, "\(folder.launchFile) does not tell the digest of the request")
        }
        return try user.access { try sign(folder, job, request) }
    }

    private func sign(_ folder: AttemptFolder, _ job: JobSpec, _ request: String) throws -> Bool {
        let locations = try JobLocations(job)
        guard let output = try Self.openOutput(locations) else { return false }
        defer { close(output) }
        guard let certificate = try Self.read("certificate.json", in: output) else { return false }
        struct Name: Decodable { var job: String }
        guard let name = try? JSONDecoder().decode(Name.self, from: Data(certificate)),
            name.job == folder.attempt.job.rawValue
        else {
            throw LockstepError(
                .damaged, "the certificate in \(locations.jobFolder)/output is of another job")
        }
        let signature = try CertificateSignature(
            job: name.job, attempt: folder.attempt.number, worker: worker.rawValue, requestDigest: request,
            certificate: certificate, key: key)
        try Self.write(try signature.encoded(), in: output)
        return true
    }

    /// The job's output folder; `nil` where it is not there.
    private static func openOutput(_ locations: JobLocations) throws -> Int32? {
        guard let root = FileSystem.parent(of: locations.jobFolder) else { return nil }
        var folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let job = String(locations.jobFolder.dropFirst(root == "/" ? 1 : root.utf8.count + 1))
        for name in [job, "output"] where folder >= 0 {
            let below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let reason = errno
            close(folder)
            errno = reason
            folder = below
        }
        if folder < 0, errno == ENOENT { return nil }
        guard folder >= 0 else { throw LockstepError.system("open", "\(locations.jobFolder)/output") }
        return folder
    }

    private static func read(_ name: String, in folder: Int32) throws -> [UInt8]? {
        let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw LockstepError.system("open", name) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= mostBytes
        else { throw LockstepError(.damaged, "\(name) is no file of a certificate's size") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress.map { $0 + count }, $0.count - count)
            }
            if more < 0, errno == EINTR { continue }
            guard more > 0 else { throw LockstepError.system("read", name) }
            count += more
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], in folder: Int32) throws {
        let name = CertificateSignature.fileName
        let temporary = ".\(name).writing"
        unlinkat(folder, temporary, 0)
        let file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw LockstepError.system("create", temporary) }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0,
            renameat(folder, temporary, folder, name) == 0
        else {
            let error = LockstepError.system("write", name)
            unlinkat(folder, temporary, 0)
            throw error
        }
    }
}
