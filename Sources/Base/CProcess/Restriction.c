#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// System calls that no training needs and that have opened kernels to programs: what they refuse would
// mostly be refused for want of a capability, but the kernel's code for it is not reached. Debuggers,
// profilers and sandboxes of a program's own processes go on working.

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#define REFUSE(number)                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),          \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

#ifdef NATIVE

#define HEAD                                                                                 \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offsetof(struct seccomp_data, arch))),               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0),                                       \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),                                   \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offsetof(struct seccomp_data, nr))),                 \
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),                                   \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)

#define COMMON                                                                               \
    REFUSE(SYS_acct), REFUSE(SYS_add_key), REFUSE(SYS_bpf), REFUSE(SYS_clock_settime),       \
    REFUSE(SYS_delete_module), REFUSE(SYS_finit_module), REFUSE(SYS_init_module),            \
    REFUSE(SYS_kexec_load), REFUSE(SYS_keyctl), REFUSE(SYS_open_by_handle_at),               \
    REFUSE(SYS_perf_event_open), REFUSE(SYS_quotactl), REFUSE(SYS_reboot),                   \
    REFUSE(SYS_request_key), REFUSE(SYS_settimeofday), REFUSE(SYS_swapoff),                  \
    REFUSE(SYS_swapon), REFUSE(SYS_syslog), REFUSE(SYS_userfaultfd), REFUSE(SYS_vhangup)

#ifdef __x86_64__
#define OF_MACHINE REFUSE(SYS_iopl), REFUSE(SYS_ioperm), REFUSE(SYS_kexec_file_load), REFUSE(SYS_modify_ldt)
#else
#define OF_MACHINE REFUSE(SYS_kexec_file_load)
#endif

#define MOUNTS                                                                               \
    REFUSE(SYS_mount), REFUSE(SYS_umount2), REFUSE(SYS_pivot_root), REFUSE(SYS_chroot),      \
    REFUSE(SYS_setns), REFUSE(SYS_sethostname), REFUSE(SYS_setdomainname),                   \
    REFUSE(SYS_move_mount), REFUSE(SYS_open_tree), REFUSE(SYS_fsopen), REFUSE(SYS_fsmount),  \
    REFUSE(SYS_fsconfig), REFUSE(SYS_fspick), REFUSE(SYS_unshare)

// A thread or process in a user namespace of its own could have all of the above there; of clone3 the
// filter cannot see what is asked for, and libraries take clone where it is missing.
#define NO_USER_NAMESPACE                                                                    \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),                                   \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),                                    \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offsetof(struct seccomp_data, args[0]))),            \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1),                               \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter all[] = {HEAD, COMMON, OF_MACHINE, MOUNTS, NO_USER_NAMESPACE, ALLOW};
static struct sock_filter but_namespaces[] = {HEAD, COMMON, OF_MACHINE, ALLOW};

static void filter_calls(int keeps_namespaces) {
    struct sock_fprog program = {sizeof all / sizeof *all, all};
    if (keeps_namespaces)
        program = (struct sock_fprog){sizeof but_namespaces / sizeof *but_namespaces, but_namespaces};
    // Where the kernel filters nothing, the change of user and the capabilities have to do.
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else
static void filter_calls(int keeps_namespaces) { (void)keeps_namespaces; }
#endif

void cprocess_restrict(int keeps_namespaces) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) filter_calls(keeps_namespaces);
}
