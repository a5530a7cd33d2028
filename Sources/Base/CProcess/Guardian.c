#define _GNU_SOURCE
#include "CProcess.h"
#include "User.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// All of this file but cprocess_guard runs in forks of a program with threads: async-signal-safe calls
// only, and plain system calls for forks, because glibc's fork waits for locks that a thread may hold.

enum { REPORT = 3, STATUS = 4, LIFELINE = 5, FIRST_FREE = 6 };

static _Noreturn void fail(int step, int index) {
    struct cprocess_failure failure = {step, errno, index};
    ssize_t written = write(REPORT, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

static pid_t plain_fork(unsigned long flags) {
    return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

static int write_file(const char *path, const char *text, size_t length) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t written = write(file, text, length);
    int failure = errno;
    close(file);
    errno = failure;
    return written == (ssize_t)length ? 0 : -1;
}

static size_t put_number(char *text, unsigned long number) {
    char digits[24];
    size_t count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    for (size_t i = 0; i < count; i++) text[i] = digits[count - 1 - i];
    return count;
}

// `ID ID 1`: the only mapping that a user without rights may make.
static int map_identity(const char *path, unsigned long id) {
    char line[64];
    size_t length = put_number(line, id);
    line[length++] = ' ';
    length += put_number(line + length, id);
    memcpy(line + length, " 1", 2);
    return write_file(path, line, length + 2);
}

static unsigned long flags_of(const char *path) {
    struct statfs file_system;
    if (statfs(path, &file_system) != 0) return 0;
    unsigned long have = (unsigned long)file_system.f_flags, flags = 0;
    // In a user namespace these must be kept; the kernel's ST_ numbers are not all the MS_ ones.
    if (have & 2) flags |= MS_NOSUID;
    if (have & 4) flags |= MS_NODEV;
    if (have & 8) flags |= MS_NOEXEC;
    if (have & 1024) flags |= MS_NOATIME;
    if (have & 2048) flags |= MS_NODIRATIME;
    if (have & 4096) flags |= MS_RELATIME;
    return flags;
}

static int mount_one(const struct cprocess_mount *one) {
    switch (one->kind) {
    case CPROCESS_PROC:
        return mount("proc", one->target, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    case CPROCESS_TMPFS:
        return mount("tmpfs", one->target, "tmpfs", MS_NOSUID | MS_NODEV, one->data);
    default:
        if (mount(one->source, one->target, NULL, MS_BIND | MS_REC, NULL) != 0) return -1;
        if (one->kind != CPROCESS_BIND_READ_ONLY) return 0;
        unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | flags_of(one->target);
        return mount(NULL, one->target, NULL, flags, NULL);
    }
}

static void enter(const struct cprocess_guarded *program, unsigned long user, unsigned long group) {
    if (program->namespaces & CPROCESS_IN_USER_NAMESPACE) {
        if (write_file("/proc/self/setgroups", "deny", 4) != 0 && errno != ENOENT)
            fail(CPROCESS_STEP_USER_MAP, 0);
        if (map_identity("/proc/self/uid_map", user) != 0) fail(CPROCESS_STEP_USER_MAP, 0);
        if (map_identity("/proc/self/gid_map", group) != 0) fail(CPROCESS_STEP_USER_MAP, 0);
    }
    if (program->namespaces & CPROCESS_IN_MOUNT_NAMESPACE) {
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail(CPROCESS_STEP_MOUNT, -1);
        // Looked up with the user's rights: a link in the path leads nowhere that the user may not go.
        if (program->user != NULL && (errno = cprocess_begin_access(program->user)) != 0)
            fail(CPROCESS_STEP_MOUNT, -1);
        for (int i = 0; i < program->mount_count; i++)
            if (mount_one(&program->mounts[i]) != 0) fail(CPROCESS_STEP_MOUNT, i);
        if (program->user != NULL) cprocess_end_access();
    }
    if (program->host_name != NULL && program->namespaces & CPROCESS_IN_UTS_NAMESPACE
        && sethostname(program->host_name, strlen(program->host_name)) != 0)
        fail(CPROCESS_STEP_HOST_NAME, 0);
}

// Tries each folder of `search`; what is there but cannot be run is told rather than that nothing is.
static void execute(const struct cprocess_guarded *program) {
    const char *name = program->argv[0];
    if (strchr(name, '/') != NULL || program->search == NULL) {
        execve(name, program->argv, program->envp);
        return;
    }
    int failure = ENOENT;
    size_t length = strlen(name);
    const char *folder = program->search;
    while (1) {
        const char *end = strchrnul(folder, ':');
        size_t size = (size_t)(end - folder);
        char path[4096];
        if (size > 0 && size + length + 2 < sizeof path) {
            memcpy(path, folder, size);
            path[size] = '/';
            memcpy(path + size + 1, name, length + 1);
            execve(path, program->argv, program->envp);
            if (errno != ENOENT && errno != ENOTDIR && (errno != EACCES || access(path, F_OK) == 0))
                failure = errno;
        }
        if (*end == 0) break;
        folder = end + 1;
    }
    errno = failure;
}

static void set_limit(int resource, rlim_t value) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) fail(CPROCESS_STEP_LIMIT, resource);
    if (limit.rlim_max > value) limit.rlim_max = value;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit((__rlimit_resource_t)resource, &limit) != 0) fail(CPROCESS_STEP_LIMIT, resource);
}

static void join(const char *cgroup) {
    char path[4096];
    static const char file[] = "/cgroup.procs";
    size_t length = strlen(cgroup);
    errno = ENAMETOOLONG;
    if (length + sizeof file > sizeof path) fail(CPROCESS_STEP_CGROUP, 0);
    memcpy(path, cgroup, length);
    memcpy(path + length, file, sizeof file);
    if (write_file(path, "0", 1) != 0) fail(CPROCESS_STEP_CGROUP, 0);
}

static _Noreturn void run(const struct cprocess_guarded *program) {
    close(STATUS);
    close(LIFELINE);
    setsid();
    if (program->cgroup != NULL) join(program->cgroup);
    if (program->core_count > 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        for (int i = 0; i < program->core_count; i++) CPU_SET(program->cores[i], &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0) fail(CPROCESS_STEP_CORES, 0);
    }
    set_limit(RLIMIT_CORE, 0);
    if (program->file_size_max > 0) set_limit(RLIMIT_FSIZE, (rlim_t)program->file_size_max);
    if (program->root != NULL && (chroot(program->root) != 0 || chdir("/") != 0))
        fail(CPROCESS_STEP_ROOT, 0);
    umask(cprocess_inherited_umask());
    if (program->is_restricted) cprocess_drop_capabilities();
    if (program->user != NULL && cprocess_become_user(program->user) != 0) fail(CPROCESS_STEP_USER, 0);
    if (program->is_restricted) cprocess_restrict(0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (program->directory != NULL && chdir(program->directory) != 0) fail(CPROCESS_STEP_DIRECTORY, 0);
    if (program->argv == NULL) _exit(0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execute(program);
    fail(CPROCESS_STEP_EXEC, 0);
}

// Orphans come up to the guardian as their parents die, so killing its children again and again reaches
// everyone below it.
static void kill_all(pid_t first) {
    if (getpid() == 1) {
        kill(-1, SIGKILL);
        return;
    }
    int file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        kill(-first, SIGKILL);
        return;
    }
    char text[4096];
    ssize_t count;
    pid_t pid = 0;
    while ((count = read(file, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            if (text[i] >= '0' && text[i] <= '9') pid = pid * 10 + (text[i] - '0');
            else if (pid > 0) {
                kill(pid, SIGKILL);
                pid = 0;
            }
        }
    }
    close(file);
}

static _Noreturn void guard(pid_t first, const char *cgroup) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    int has_ended = 0, is_alone = 0;
    while (1) {
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            if (pid != first) continue;
            ssize_t written = write(STATUS, &status, sizeof status);
            (void)written;
            has_ended = 1;
        }
        if (pid < 0 && errno == ECHILD && (has_ended || is_alone)) break;
        struct pollfd polls[2] = {{signals, POLLIN, 0}, {is_alone ? -1 : LIFELINE, POLLIN, 0}};
        poll(polls, 2, is_alone ? 10 : 1000);
        if (polls[1].revents != 0) is_alone = 1;
        if (is_alone) kill_all(first);
        struct signalfd_siginfo info;
        while (signals >= 0 && read(signals, &info, sizeof info) > 0) {}
    }
    if (is_alone && cgroup != NULL) rmdir(cgroup);
    _exit(0);
}

static void take_descriptors(const struct cprocess_guarded *program, int report, int status, int lifeline) {
    const int wanted[FIRST_FREE] = {
        program->input, program->output, program->error, report, status, lifeline};
    int safe[FIRST_FREE];
    // Away from 0 to 5 first, so that no dup2 below overwrites a source of another.
    for (int i = 0; i < FIRST_FREE; i++) safe[i] = fcntl(wanted[i], F_DUPFD, 16);
    for (int i = 0; i < FIRST_FREE; i++) dup2(safe[i], i);
    for (int i = REPORT; i < FIRST_FREE; i++) fcntl(i, F_SETFD, FD_CLOEXEC);
    close_range(FIRST_FREE, ~0U, 0);
}

static _Noreturn void be_guardian(
    const struct cprocess_guarded *program, int report, int status, int lifeline, unsigned long user,
    unsigned long group) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_DFL;
        sigaction(signal, &action, NULL);
    }
    setsid();
    take_descriptors(program, report, status, lifeline);
    enter(program, user, group);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    // Written to by nobody: readable means that the caller is gone.
    struct pollfd caller = {LIFELINE, POLLIN, 0};
    if (poll(&caller, 1, 0) != 0) _exit(127);
    pid_t first = plain_fork(0);
    if (first < 0) fail(CPROCESS_STEP_FORK, 0);
    if (first == 0) run(program);
    for (int i = 0; i <= REPORT; i++) close(i);
    int ignored = chdir("/");
    (void)ignored;
    guard(first, program->cgroup);
}

static void close_all(const int *descriptors, int count) {
    for (int i = 0; i < count; i++)
        if (descriptors[i] >= 0) close(descriptors[i]);
}

int cprocess_guard(
    const struct cprocess_guarded *program, pid_t *guardian, int *status, int *lifeline,
    struct cprocess_failure *failure) {
    int pipes[6] = {-1, -1, -1, -1, -1, -1};
    *failure = (struct cprocess_failure){CPROCESS_STEP_FORK, 0, 0};
    for (int i = 0; i < 3; i++) {
        if (pipe2(pipes + 2 * i, O_CLOEXEC) == 0) continue;
        failure->number = errno;
        close_all(pipes, 6);
        return -1;
    }
    unsigned long flags = 0;
    if (program->namespaces & CPROCESS_IN_USER_NAMESPACE) flags |= CLONE_NEWUSER;
    if (program->namespaces & CPROCESS_IN_MOUNT_NAMESPACE) flags |= CLONE_NEWNS;
    if (program->namespaces & CPROCESS_IN_PID_NAMESPACE) flags |= CLONE_NEWPID;
    if (program->namespaces & CPROCESS_IN_UTS_NAMESPACE) flags |= CLONE_NEWUTS;
    unsigned long user = geteuid(), group = getegid();
    pid_t child = plain_fork(flags);
    // The guardian gets the writing ends of report and status, and the reading end of the lifeline.
    if (child == 0) be_guardian(program, pipes[1], pipes[3], pipes[4], user, group);
    failure->number = errno;
    close_all((int[]){pipes[1], pipes[3], pipes[4]}, 3);
    ssize_t count = 0;
    if (child > 0) {
        do count = read(pipes[0], failure, sizeof *failure);
        while (count < 0 && errno == EINTR);
    }
    close(pipes[0]);
    if (child < 0 || count == (ssize_t)sizeof *failure) {
        // Closing the lifeline ends a guardian that is left with nobody.
        close_all((int[]){pipes[2], pipes[5]}, 2);
        if (child > 0) while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        return -1;
    }
    *guardian = child;
    *status = pipes[2];
    *lifeline = pipes[5];
    return 0;
}
