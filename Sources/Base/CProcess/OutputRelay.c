#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char **own_arguments;
static int own_argument_count;

// glibc hands these to constructors; the relay shows another command line than the process it came from.
__attribute__((constructor)) static void keep_arguments(int count, char **arguments, char **environment) {
    (void)environment;
    own_argument_count = count;
    own_arguments = arguments;
}

static void rename_process(void) {
    static const char name[] = "lockstep-relay";
    prctl(PR_SET_NAME, name, 0, 0, 0);
    if (own_argument_count < 1 || own_arguments == NULL) return;
    char *begin = own_arguments[0], *end = begin;
    for (int i = 0; i < own_argument_count && own_arguments[i] == end; i++) end += strlen(end) + 1;
    size_t size = (size_t)(end - begin);
    if (size < 2) return;
    memset(begin, 0, size);
    strncpy(begin, name, size - 1);
}

static void write_all(int file, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(file, bytes, count);
        if (written < 0) {
            if (errno == EINTR) continue;
            // Nobody reads it any more: it goes nowhere, but it goes.
            return;
        }
        bytes += written;
        count -= (size_t)written;
    }
}

// The encoding is that of OutputCode in Diagnostics. What is written at a time is no longer than a pipe
// takes in one piece, so that no report stands within a sequence.
static int relay_some(int from, int to) {
    char in[2048], out[4096];
    ssize_t count = read(from, in, sizeof in);
    if (count < 0) return errno == EINTR;
    size_t size = 0;
    for (ssize_t i = 0; i < count; i++) {
        if (in[i] == '[' || in[i] == 1) {
            out[size++] = 1;
            out[size++] = in[i] == '[' ? '(' : '1';
        } else {
            out[size++] = in[i];
        }
    }
    write_all(to, out, size);
    return count > 0;
}

static _Noreturn void relay(const int from[2], const int to[2]) {
    setsid();
    // It ends when nobody is left that prints.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
    int keep[4] = {from[0], from[1], to[0], to[1]};
    for (int i = 0; i < 4; i++) keep[i] = fcntl(keep[i], F_DUPFD, 32);
    for (int i = 0; i < 4; i++) dup2(keep[i], i);
    close_range(4, ~0U, 0);
    rename_process();
    int is_open[2] = {1, 1};
    while (is_open[0] || is_open[1]) {
        struct pollfd polls[2] = {{is_open[0] ? 0 : -1, POLLIN, 0}, {is_open[1] ? 1 : -1, POLLIN, 0}};
        if (poll(polls, 2, -1) < 0) continue;
        for (int i = 0; i < 2; i++)
            if (polls[i].revents != 0) is_open[i] = relay_some(i, 2 + i);
    }
    _exit(0);
}

int cprocess_relay_output(void) {
    int out[2] = {-1, -1}, error[2] = {-1, -1}, status = -1;
    int real[2] = {fcntl(1, F_DUPFD_CLOEXEC, 32), fcntl(2, F_DUPFD_CLOEXEC, 32)};
    pid_t child = -1;
    fflush(NULL);
    if (real[0] >= 0 && real[1] >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(error, O_CLOEXEC) == 0)
        child = fork();
    if (child == 0) {
        // Twice, so that nobody here has a child that it knows nothing of.
        pid_t second = fork();
        if (second != 0) _exit(second < 0);
        relay((int[]){out[0], error[0]}, real);
    }
    if (child > 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    int is_relayed = child > 0 && status == 0 && dup2(out[1], 1) == 1 && dup2(error[1], 2) == 2;
    // What was a terminal, and printed line by line, is a pipe now.
    if (is_relayed) setvbuf(stdout, NULL, _IOLBF, 0);
    int others[5] = {out[0], out[1], error[0], error[1], real[0]};
    for (int i = 0; i < 5; i++)
        if (others[i] >= 0) close(others[i]);
    if (is_relayed) return real[1];
    if (real[1] >= 0) close(real[1]);
    return -1;
}
