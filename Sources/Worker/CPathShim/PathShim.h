// What the files of this library share.
#pragma once
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stddef.h>

#define PATH_BYTES PATH_MAX

/// The path as the node knows it: `path` itself, or the folder's with the rest behind it, in `buffer`.
__attribute__((visibility("hidden"))) const char *lockstep_real_path(const char *path, char buffer[PATH_BYTES]);

/// The next definition of a function, looked up once.
#define NEXT(name)                                                                                           \
    static __typeof__(&name) next;                                                                           \
    if (!next) next = (__typeof__(next))dlsym(RTLD_NEXT, #name)

/// Wrappers by what they return and where the path stands among the parameters.
#define FIRST(type, name, params, ...)                                                                       \
    type name params {                                                                                       \
        NEXT(name);                                                                                          \
        char room[PATH_BYTES];                                                                               \
        path = lockstep_real_path(path, room);                                                               \
        return next(__VA_ARGS__);                                                                            \
    }
#define BOTH(type, name, params, ...)                                                                        \
    type name params {                                                                                       \
        NEXT(name);                                                                                          \
        char room[PATH_BYTES], other_room[PATH_BYTES];                                                       \
        path = lockstep_real_path(path, room);                                                               \
        other = lockstep_real_path(other, other_room);                                                       \
        return next(__VA_ARGS__);                                                                            \
    }
