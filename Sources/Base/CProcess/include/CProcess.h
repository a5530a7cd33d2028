// Process primitives that Swift cannot reach by itself: fork is unavailable there, and the macros of
// <sys/wait.h> and the variadic prctl(2) and fcntl(2) are not imported.
#pragma once
#include <sys/socket.h>
#include <sys/types.h>

// Where a new process belongs.
enum {
    CPROCESS_NEW_SESSION = 1,      // setsid: survives the death of its parent's terminal and group
    CPROCESS_DIES_WITH_PARENT = 2, // SIGKILL when the thread that spawned it is gone
    CPROCESS_KEEPS_NAMESPACES = 4  // a restricted user's process may make mounts and namespaces of its own
};

// Another user whom a process, or a thread's access to files, acts as.
struct cprocess_user {
    uid_t user;
    gid_t group;
    const gid_t *groups; // more of them
    int group_count;
    int is_restricted;     // also cprocess_restrict, for good
    long long process_max; // RLIMIT_NPROC; 0: as it is
};

// Starts `path` (looked up in PATH when it has no slash) with default signal dispositions, an empty
// signal mask and no descriptor but the three given. Returns 0 and the process id, or the errno of
// the failed fork, change of user, chdir or exec. `cwd` and `user` may be NULL.
int cprocess_spawn(
    const char *path, char *const argv[], char *const envp[], const char *cwd,
    int input, int output, int error, unsigned flags, const struct cprocess_user *user, pid_t *pid);

// Until cprocess_end_access, files are opened, made and looked up with that user's rights, by the calling
// thread alone. Calls nest; only the outermost one counts. Returns 0 or an errno.
int cprocess_begin_access(const struct cprocess_user *user);
void cprocess_end_access(void);

// Closes the process's files to others from now on (umask 077). What it starts gets its old umask back.
void cprocess_keep_files_private(void);

// The umask that this process was started with.
mode_t cprocess_inherited_umask(void);

// Takes what no program of a job needs: the capabilities that a file could give (by the bounding set), new
// privileges by exec, and the system calls of `Restriction.c` where the kernel filters them. For the calling
// thread and what it starts. `keeps_namespaces`: it may still make mounts and namespaces of its own.
// Async-signal-safe.
void cprocess_restrict(int keeps_namespaces);

// A pipe whose ends do not survive exec: ends[0] reads, ends[1] writes. Returns 0 or -1.
int cprocess_pipe(int ends[2]);

// SIGKILL for this process when the thread that started it is gone.
int cprocess_die_with_parent(void);

// `signal` for this process when the thread that started it is gone; holds over exec.
int cprocess_signal_at_parents_end(int signal);

// Orphans below this process become its children, so that it can find and reap them all.
int cprocess_become_subreaper(void);

// Of a status that waitpid returned: exit status, or -1; ending signal, or 0.
int cprocess_exit_status(int status);
int cprocess_ending_signal(int status);

// Catches the signals from now on and returns a descriptor that becomes readable when one has come,
// or -1. One such descriptor a process.
int cprocess_signal_descriptor(const int *signals, int count);

// The next signal that has come, or 0.
int cprocess_next_signal(int descriptor);

// Opens or creates `path` and locks it for as long as the descriptor lives. Returns the descriptor,
// -EAGAIN when another process holds the lock, or another negative errno.
int cprocess_lock(const char *path);

/// Lets go of a lock, also where a child has a copy of the descriptor, and closes it.
void cprocess_unlock(int descriptor);

// Raises the limit of open files as far as it may be, but not beyond `most`, for this process and what it
// starts. Returns the limit, or -1.
long cprocess_raise_open_files(long most);

// 1 when some process holds the lock of `path`, 0 when none does (or there is no such file).
int cprocess_is_locked(const char *path);

// A listening Unix socket `name` in `folder`, however long the path, which does not block; or a connection to
// it. Returns a descriptor, or -1 with errno.
int cprocess_listen(const char *folder, const char *name);
int cprocess_connect(const char *folder, const char *name);
int cprocess_accept(int listener);

// One message of `bytes` and two descriptors. Sending returns 0 or -1; receiving the number of bytes, 0 at
// the other's end, or -1, and fills `streams` with what has come, -1 where nothing has.
int cprocess_send_streams(int connection, const void *bytes, size_t length, const int streams[2]);
ssize_t cprocess_receive_streams(int connection, void *bytes, size_t capacity, int streams[2]);

// What a guarded program may see and use. Everything but `argv`, `envp` and the descriptors may be left
// zero.
enum {
    CPROCESS_IN_USER_NAMESPACE = 1, // with one user and one group, which keep their numbers
    CPROCESS_IN_MOUNT_NAMESPACE = 2,
    CPROCESS_IN_PID_NAMESPACE = 4,
    CPROCESS_IN_UTS_NAMESPACE = 8
};

// What to mount: a folder or file of this node, or a new file system.
enum { CPROCESS_BIND = 0, CPROCESS_BIND_READ_ONLY = 1, CPROCESS_PROC = 2, CPROCESS_TMPFS = 3 };

struct cprocess_mount {
    int kind;
    const char *source; // of a bind
    const char *target;
    const char *data; // options of a tmpfs
};

struct cprocess_guarded {
    char *const *argv; // argv[0] is looked up in `search` when it has no slash; NULL: only try the rest
    char *const *envp;
    const char *search;
    const char *directory;
    int input, output, error;
    unsigned namespaces;
    const char *host_name; // with a UTS namespace
    const struct cprocess_mount *mounts;
    int mount_count;
    const char *root;           // chroot after the mounts
    const char *cgroup;         // folder that the program joins and that is removed with it
    const int *cores;
    int core_count;
    long long file_size_max; // RLIMIT_FSIZE; 0: as it is
    const struct cprocess_user *user; // NULL: as the caller
    int is_restricted;                // cprocess_restrict
};

// The steps of a start, in their order.
enum {
    CPROCESS_STEP_FORK = 1, CPROCESS_STEP_USER_MAP, CPROCESS_STEP_MOUNT, CPROCESS_STEP_HOST_NAME,
    CPROCESS_STEP_CGROUP, CPROCESS_STEP_CORES, CPROCESS_STEP_LIMIT, CPROCESS_STEP_ROOT,
    CPROCESS_STEP_USER, CPROCESS_STEP_DIRECTORY, CPROCESS_STEP_EXEC
};

struct cprocess_failure {
    int step;
    int number; // errno
    int index;  // of the mount
};

// Starts a program below a guardian: a process without a program of its own that is the parent of all
// orphans below it (process 1 of the PID namespace, or a subreaper). It writes the program's status as
// waitpid gives it to `status` when the program ends, ends itself when no process is left below it, and
// kills them all when the other end of `lifeline`, which the caller holds, is closed. Returns 0, or -1
// with `failure` filled in and nothing left running.
int cprocess_guard(
    const struct cprocess_guarded *program, pid_t *guardian, int *status, int *lifeline,
    struct cprocess_failure *failure);

// Writes the numbers of the cores that this process may use, at most `count`, and returns how many.
int cprocess_available_cores(int *cores, int count);

// Copies some of what is left of one open file to another, at the places where both stand: as shared blocks
// where storage can do that. Returns how many bytes, 0 at the end, -1 with errno set.
long cprocess_copy_range(int from, int to);

// 1 when the bytes occur in `text`, else 0.
int cprocess_contains(const void *text, size_t text_length, const void *bytes, size_t length);

// From now on what this process and its children print passes through a process of its own, which encodes
// it (OutputCode in Diagnostics) and ends when nobody is left that prints; so nothing is lost when this one
// dies. Call it before there are threads. Returns a descriptor that leads past it to the old standard error,
// or -1 when all is as it was.
int cprocess_relay_output(void);

// The user that owns the other end of a TCP connection within this machine: `own` and `peer` are its
// addresses as this process sees them. Returns 0, or a negative errno when the kernel does not say so of a
// connection that some process still holds.
int cprocess_peer_user(const struct sockaddr *own, const struct sockaddr *peer, uid_t *user);
