import Diagnostics
import Foundation
import Glibc
import Processes
import Synchronization
import Testing

/// What it means to act, and to run, as another user; only root can.
@Suite("The job's user", .enabled(if: geteuid() == 0, "only root can act as another user"))
struct JobUserTests {
    private func nobody() throws -> JobUser { try #require(try JobUser("nobody", job: "job")) }

    private func isReadable(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file >= 0 { close(file) }
        return file >= 0
    }

    private func owner(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    @Test("files are opened and made with its rights, by that thread alone and for that long")
    func access() throws {
        try withFolder { folder in
            let secret = folder + "/secret"
            try Data("x".utf8).write(to: URL(fileURLWithPath: secret))
            chmod(secret, 0o600)
            chmod(folder, 0o777)
            try #require(symlink(secret, folder + "/link") == 0)
            let user = try nobody()
            let (isInside, isDone) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let isReadableElsewhere = Atomic(false)
            Thread.detachNewThread {
                isInside.wait()
                isReadableElsewhere.store(isReadable(secret), ordering: .relaxed)
                isDone.signal()
            }
            try user.access {
                #expect(!isReadable(secret) && errno == EACCES)
                #expect(!isReadable(folder + "/link"))
                try user.access { #expect(!isReadable(secret)) }
                #expect(!isReadable(secret))
                #expect(mkdir(folder + "/made", 0o755) == 0)
                #expect(mkdir("/etc/made-by-a-job", 0o755) == -1 && errno == EACCES)
                #expect(chown(folder + "/made", 0, 0) == -1)
                isInside.signal()
                isDone.wait()
                let isOther = isReadableElsewhere.load(ordering: .relaxed)
                #expect(isOther)
            }
            #expect(isReadable(secret))
            #expect(owner(folder + "/made") == user.user)
            #expect(throws: LockstepError.self) {
                try user.access { throw LockstepError(.io, "a reason") }
            }
            #expect(isReadable(secret))
        }
    }

    @Test("the group of a job lets its processes in, and no other job's")
    func groups() throws {
        try withFolder { folder in
            chmod(folder, 0o755)
            let room = folder + "/room"
            try FileManager.default.createDirectory(atPath: room, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: room + "/file"))
            #expect(chown(room, 0, JobUser.group(ofJob: "job")) == 0)
            chmod(room, 0o750)
            let other = try #require(try JobUser("nobody", job: "other"))
            #expect(try nobody().access { isReadable(room + "/file") })
            #expect(try !other.access { isReadable(room + "/file") })
        }
    }

    @Test("root, or no name, is nobody to become")
    func none() throws {
        #expect(try JobUser("", job: "job") == nil)
        #expect(try JobUser("root", job: "job") == nil)
        #expect(throws: LockstepError.self) { try JobUser("no-such-user", job: "job") }
    }

    @Test("what runs as it has no rights left, and gets none", arguments: [false, true])
    func restriction(_ keepsNamespaces: Bool) throws {
        try withFolder { folder in
            let python =
                "import threading, multiprocessing as m; p = m.Process(target=print, args=('child',)); "
                + "p.start(); p.join(); t = threading.Thread(target=print, args=('thread',)); t.start()"
            let script = """
                grep -E '^(Uid|Gid|Groups|CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status
                unshare --user --map-root-user true 2>/dev/null && echo namespaces
                mount -t tmpfs none /mnt 2>/dev/null && echo mounted
                python3 -c "\(python)"
                """
            let output = folder + "/out"
            let file = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
            let pid = try ChildProcess.spawn(
                ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], directory: "/",
                input: null, output: file, error: file, user: try nobody(),
                keepsNamespaces: keepsNamespaces)
            close(file)
            close(null)
            let run = try PythonRun.wait(pid, output: output)
            let words = run.output.replacing("\t", with: " ")
            #expect(words.contains("Uid: 65534 65534 65534 65534"), "\(words)")
            #expect(words.contains("Groups: 65534 \(JobUser.group(ofJob: "job"))"), "\(words)")
            #expect(words.contains("CapBnd: 0000000000000000"), "\(words)")
            #expect(words.contains("CapEff: 0000000000000000"), "\(words)")
            #expect(words.contains("NoNewPrivs: 1"), "\(words)")
            #expect(words.contains("Seccomp: 2"), "\(words)")
            #expect(words.contains("child") && words.contains("thread"), "\(words)")
            #expect(!words.contains("mounted"))
            if !keepsNamespaces { #expect(!words.contains("namespaces")) }
        }
    }
}
