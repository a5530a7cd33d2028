#define _GNU_SOURCE
#include "User.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The system calls themselves: glibc's functions change all threads of a process, or, in a child that was
// forked by a program with threads, speak to threads that are not there.

enum { GROUPS_MAX = 64 };

static int set_groups(const struct cprocess_user *user) {
    gid_t groups[GROUPS_MAX] = {user->group};
    int count = 1;
    for (int i = 0; i < user->group_count && count < GROUPS_MAX; i++) groups[count++] = user->groups[i];
    // Where not all numbers are mapped, as in a container without root: the user's own group has to do.
    if (syscall(SYS_setgroups, count, groups) == 0) return 0;
    return (int)syscall(SYS_setgroups, 1, groups);
}

int cprocess_become_user(const struct cprocess_user *user) {
    if (user->process_max > 0) {
        struct rlimit limit;
        if (getrlimit(RLIMIT_NPROC, &limit) != 0) return -1;
        if (limit.rlim_max > (rlim_t)user->process_max) limit.rlim_max = (rlim_t)user->process_max;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NPROC, &limit) != 0) return -1;
    }
    if (set_groups(user) != 0) return -1;
    if (syscall(SYS_setresgid, user->group, user->group, user->group) != 0) return -1;
    return (int)syscall(SYS_setresuid, user->user, user->user, user->user);
}

static _Thread_local int access_depth;
static _Thread_local gid_t own_groups[GROUPS_MAX];
static _Thread_local int own_group_count;

// With the user's number for files the kernel also puts aside the capabilities that pass over permissions.
int cprocess_begin_access(const struct cprocess_user *user) {
    if (access_depth > 0) {
        access_depth++;
        return 0;
    }
    own_group_count = getgroups(GROUPS_MAX, own_groups);
    if (own_group_count < 0 || set_groups(user) != 0) return errno;
    access_depth = 1;
    syscall(SYS_setfsgid, user->group);
    syscall(SYS_setfsuid, user->user);
    // They tell of no failure but by what they answer to a number that nobody has.
    if ((gid_t)syscall(SYS_setfsgid, -1) == user->group && (uid_t)syscall(SYS_setfsuid, -1) == user->user)
        return 0;
    cprocess_end_access();
    return EPERM;
}

void cprocess_end_access(void) {
    if (--access_depth > 0) return;
    syscall(SYS_setfsuid, geteuid());
    syscall(SYS_setfsgid, getegid());
    // A daemon that went on with another's rights would do anything but its work.
    if ((uid_t)syscall(SYS_setfsuid, -1) != geteuid()) abort();
    if (syscall(SYS_setgroups, own_group_count, own_groups) != 0) abort();
}

static mode_t inherited_umask;
static int has_private_files;

void cprocess_keep_files_private(void) {
    mode_t old = umask(077);
    if (!has_private_files) inherited_umask = old;
    has_private_files = 1;
}

mode_t cprocess_inherited_umask(void) {
    if (has_private_files) return inherited_umask;
    mode_t now = umask(077);
    umask(now);
    return now;
}

void cprocess_drop_capabilities(void) {
    for (int capability = 0; capability < 64; capability++) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}
