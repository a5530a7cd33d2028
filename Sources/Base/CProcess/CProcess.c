#define _GNU_SOURCE
#include "CProcess.h"
#include "User.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs in the child between fork and exec: async-signal-safe calls only.
static void become(
    const char *path, char *const argv[], char *const envp[], const char *cwd,
    const int standard[3], unsigned flags, const struct cprocess_user *user, pid_t parent, int report) {
    sigset_t none;
    sigemptyset(&none);
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_DFL;
        sigaction(signal, &action, NULL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(cprocess_inherited_umask());
    if (flags & CPROCESS_NEW_SESSION) setsid();
    int failure = 0;
    if (user != NULL) {
        if (user->is_restricted) cprocess_drop_capabilities();
        if (cprocess_become_user(user) != 0) failure = errno;
        if (user->is_restricted) cprocess_restrict((flags & CPROCESS_KEEPS_NAMESPACES) != 0);
    }
    // After the change of user, which forgets it.
    if (flags & CPROCESS_DIES_WITH_PARENT) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
    }
    // Away from 0 to 2 first, so that no dup2 below overwrites a source of another.
    int safe[3];
    for (int i = 0; i < 3; i++) safe[i] = fcntl(standard[i], F_DUPFD, 10);
    for (int i = 0; i < 3; i++) dup2(safe[i], i);
    dup2(report, 3);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    close_range(4, ~0U, 0);
    if (failure == 0 && (cwd == NULL || chdir(cwd) == 0)) {
        // Not execvpe for both: it hands a damaged program to the shell.
        if (strchr(path, '/') != NULL) execve(path, argv, envp);
        else execvpe(path, argv, envp);
    }
    if (failure == 0) failure = errno;
    ssize_t written = write(3, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

int cprocess_spawn(
    const char *path, char *const argv[], char *const envp[], const char *cwd,
    int input, int output, int error, unsigned flags, const struct cprocess_user *user, pid_t *pid) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return errno;
    const int standard[3] = {input, output, error};
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) {
        int failure = errno;
        close(report[0]);
        close(report[1]);
        return failure;
    }
    if (child == 0) become(path, argv, envp, cwd, standard, flags, user, parent, report[1]);
    close(report[1]);
    int failure = 0;
    ssize_t count;
    do count = read(report[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof failure) {
        waitpid(child, NULL, 0);
        return failure;
    }
    *pid = child;
    return 0;
}

int cprocess_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cprocess_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? 0 : errno; }

int cprocess_signal_at_parents_end(int signal) { return prctl(PR_SET_PDEATHSIG, signal) == 0 ? 0 : errno; }

int cprocess_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : errno; }

int cprocess_exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

int cprocess_ending_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

static int noted_signals[2] = {-1, -1};

static void note_signal(int signal) {
    int failure = errno;
    unsigned char number = (unsigned char)signal;
    ssize_t written = write(noted_signals[1], &number, 1);
    (void)written;
    errno = failure;
}

// Handlers and a pipe rather than a signalfd: they work whichever thread the signal hits.
int cprocess_signal_descriptor(const int *signals, int count) {
    if (noted_signals[0] < 0 && pipe2(noted_signals, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    for (int i = 0; i < count; i++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = note_signal;
        action.sa_flags = SA_RESTART;
        if (sigaction(signals[i], &action, NULL) != 0) return -1;
    }
    return noted_signals[0];
}

int cprocess_next_signal(int descriptor) {
    unsigned char number;
    return read(descriptor, &number, 1) == 1 ? number : 0;
}

// Open-file-description locks: they can be tested without being taken, and closing another
// descriptor of the same file does not drop them.
static struct flock whole_file(void) {
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

int cprocess_lock(const char *path) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return -errno;
    struct flock lock = whole_file();
    if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return descriptor;
    int failure = errno == EACCES ? EAGAIN : errno;
    close(descriptor);
    return -failure;
}

void cprocess_unlock(int descriptor) {
    struct flock lock = whole_file();
    lock.l_type = F_UNLCK;
    fcntl(descriptor, F_OFD_SETLK, &lock);
    close(descriptor);
}

int cprocess_is_locked(const char *path) {
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return 0;
    struct flock lock = whole_file();
    int locked = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(descriptor);
    return locked;
}

int cprocess_available_cores(int *cores, int count) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    int found = 0;
    for (int core = 0; core < CPU_SETSIZE && found < count; core++)
        if (CPU_ISSET(core, &set)) cores[found++] = core;
    return found;
}

int cprocess_contains(const void *text, size_t text_length, const void *bytes, size_t length) {
    return memmem(text, text_length, bytes, length) != NULL;
}
