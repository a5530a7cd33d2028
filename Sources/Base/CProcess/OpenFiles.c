#define _GNU_SOURCE
#include "CProcess.h"

#include <sys/resource.h>

long cprocess_raise_open_files(long most) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    rlim_t wish = limit.rlim_max < (rlim_t)most ? limit.rlim_max : (rlim_t)most;
    if (limit.rlim_cur < wish) {
        rlim_t old = limit.rlim_cur;
        limit.rlim_cur = wish;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = old;
    }
    return (long)limit.rlim_cur;
}
