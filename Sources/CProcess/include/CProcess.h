// Process primitives that Swift cannot reach by itself: fork is unavailable there, and the macros of
// <sys/wait.h> and the variadic prctl(2) and fcntl(2) are not imported.
#pragma once
#include <sys/types.h>

// Where a new process belongs.
enum {
    CPROCESS_NEW_SESSION = 1,     // setsid: survives the death of its parent's terminal and group
    CPROCESS_DIES_WITH_PARENT = 2 // SIGKILL when the thread that spawned it is gone
};

// Starts `path` (looked up in PATH when it has no slash) with default signal dispositions, an empty
// signal mask and no descriptor but the three given. Returns 0 and the process id, or the errno of
// the failed fork, chdir or exec. `cwd` may be NULL.
int cprocess_spawn(
    const char *path, char *const argv[], char *const envp[], const char *cwd,
    int input, int output, int error, unsigned flags, pid_t *pid);

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

// 1 when some process holds the lock of `path`, 0 when none does (or there is no such file).
int cprocess_is_locked(const char *path);
