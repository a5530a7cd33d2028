// Functions that open, look at, make, move and remove files.
#include "PathShim.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <fts.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

// The mode is there only where a file may be made.
#define MODE(flags)                                                                                          \
    mode_t mode = 0;                                                                                         \
    if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) {                                           \
        va_list list;                                                                                        \
        va_start(list, flags);                                                                               \
        mode = va_arg(list, mode_t);                                                                         \
        va_end(list);                                                                                        \
    }
#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...) {                                                             \
        NEXT(name);                                                                                          \
        MODE(flags)                                                                                          \
        char room[PATH_BYTES];                                                                               \
        return next(lockstep_real_path(path, room), flags, mode);                                            \
    }
#define OPENAT(name)                                                                                         \
    int name(int at, const char *path, int flags, ...) {                                                     \
        NEXT(name);                                                                                          \
        MODE(flags)                                                                                          \
        char room[PATH_BYTES];                                                                               \
        return next(at, lockstep_real_path(path, room), flags, mode);                                        \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

// What programs call that were built with checks of their buffers, or for a C library before 2.33.
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);
char *__realpath_chk(const char *path, char *resolved, size_t size);
ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t room);
ssize_t __readlinkat_chk(int at, const char *path, char *text, size_t size, size_t room);
int __xstat(int version, const char *path, struct stat *status);
int __lxstat(int version, const char *path, struct stat *status);
int __fxstatat(int version, int at, const char *path, struct stat *status, int flags);
int __xstat64(int version, const char *path, struct stat64 *status);
int __lxstat64(int version, const char *path, struct stat64 *status);
int __fxstatat64(int version, int at, const char *path, struct stat64 *status, int flags);
int __xmknod(int version, const char *path, mode_t mode, dev_t *device);
int __xmknodat(int version, int at, const char *path, mode_t mode, dev_t *device);

FIRST(int, __open_2, (const char *path, int flags), path, flags)
FIRST(int, __open64_2, (const char *path, int flags), path, flags)
FIRST(int, __openat_2, (int at, const char *path, int flags), at, path, flags)
FIRST(int, __openat64_2, (int at, const char *path, int flags), at, path, flags)
FIRST(int, __xstat, (int version, const char *path, struct stat *status), version, path, status)
FIRST(int, __lxstat, (int version, const char *path, struct stat *status), version, path, status)
FIRST(int, __fxstatat, (int version, int at, const char *path, struct stat *status, int flags), version, at,
      path, status, flags)
FIRST(int, __xstat64, (int version, const char *path, struct stat64 *status), version, path, status)
FIRST(int, __lxstat64, (int version, const char *path, struct stat64 *status), version, path, status)
FIRST(int, __fxstatat64, (int version, int at, const char *path, struct stat64 *status, int flags), version,
      at, path, status, flags)
FIRST(int, __xmknod, (int version, const char *path, mode_t mode, dev_t *device), version, path, mode, device)
FIRST(int, __xmknodat, (int version, int at, const char *path, mode_t mode, dev_t *device), version, at, path,
      mode, device)

FIRST(int, creat, (const char *path, mode_t mode), path, mode)
FIRST(int, creat64, (const char *path, mode_t mode), path, mode)
FIRST(FILE *, fopen, (const char *path, const char *how), path, how)
FIRST(FILE *, fopen64, (const char *path, const char *how), path, how)
FIRST(FILE *, freopen, (const char *path, const char *how, FILE *file), path, how, file)
FIRST(FILE *, freopen64, (const char *path, const char *how, FILE *file), path, how, file)
FIRST(DIR *, opendir, (const char *path), path)

FIRST(int, stat, (const char *path, struct stat *status), path, status)
FIRST(int, stat64, (const char *path, struct stat64 *status), path, status)
FIRST(int, lstat, (const char *path, struct stat *status), path, status)
FIRST(int, lstat64, (const char *path, struct stat64 *status), path, status)
FIRST(int, fstatat, (int at, const char *path, struct stat *status, int flags), at, path, status, flags)
FIRST(int, fstatat64, (int at, const char *path, struct stat64 *status, int flags), at, path, status, flags)
FIRST(int, statx, (int at, const char *path, int flags, unsigned int mask, struct statx *status), at, path,
      flags, mask, status)
FIRST(int, statfs, (const char *path, struct statfs *status), path, status)
FIRST(int, statfs64, (const char *path, struct statfs64 *status), path, status)
FIRST(int, statvfs, (const char *path, struct statvfs *status), path, status)
FIRST(int, statvfs64, (const char *path, struct statvfs64 *status), path, status)
FIRST(int, access, (const char *path, int mode), path, mode)
FIRST(int, eaccess, (const char *path, int mode), path, mode)
FIRST(int, euidaccess, (const char *path, int mode), path, mode)
FIRST(int, faccessat, (int at, const char *path, int mode, int flags), at, path, mode, flags)
FIRST(long, pathconf, (const char *path, int name), path, name)

FIRST(int, mkdir, (const char *path, mode_t mode), path, mode)
FIRST(int, mkdirat, (int at, const char *path, mode_t mode), at, path, mode)
FIRST(int, mkfifo, (const char *path, mode_t mode), path, mode)
FIRST(int, mkfifoat, (int at, const char *path, mode_t mode), at, path, mode)
FIRST(int, mknod, (const char *path, mode_t mode, dev_t device), path, mode, device)
FIRST(int, mknodat, (int at, const char *path, mode_t mode, dev_t device), at, path, mode, device)
FIRST(int, rmdir, (const char *path), path)
FIRST(int, unlink, (const char *path), path)
FIRST(int, unlinkat, (int at, const char *path, int flags), at, path, flags)
FIRST(int, remove, (const char *path), path)
FIRST(int, truncate, (const char *path, off_t size), path, size)
FIRST(int, truncate64, (const char *path, off64_t size), path, size)

BOTH(int, rename, (const char *path, const char *other), path, other)
BOTH(int, renameat, (int from, const char *path, int to, const char *other), from, path, to, other)
BOTH(int, renameat2, (int from, const char *path, int to, const char *other, unsigned int flags), from, path,
     to, other, flags)
BOTH(int, link, (const char *path, const char *other), path, other)
BOTH(int, linkat, (int from, const char *path, int to, const char *other, int flags), from, path, to, other,
     flags)
// What a link says is followed by the kernel, which knows no /opt/ml.
BOTH(int, symlink, (const char *path, const char *other), path, other)
BOTH(int, symlinkat, (const char *path, int at, const char *other), path, at, other)
FIRST(ssize_t, readlink, (const char *path, char *text, size_t size), path, text, size)
FIRST(ssize_t, readlinkat, (int at, const char *path, char *text, size_t size), at, path, text, size)
FIRST(ssize_t, __readlink_chk, (const char *path, char *text, size_t size, size_t most), path, text, size,
      most)
FIRST(ssize_t, __readlinkat_chk, (int at, const char *path, char *text, size_t size, size_t most), at, path,
      text, size, most)
FIRST(char *, realpath, (const char *path, char *resolved), path, resolved)
FIRST(char *, __realpath_chk, (const char *path, char *resolved, size_t size), path, resolved, size)
FIRST(char *, canonicalize_file_name, (const char *path), path)

FIRST(int, chmod, (const char *path, mode_t mode), path, mode)
FIRST(int, lchmod, (const char *path, mode_t mode), path, mode)
FIRST(int, fchmodat, (int at, const char *path, mode_t mode, int flags), at, path, mode, flags)
FIRST(int, chown, (const char *path, uid_t user, gid_t group), path, user, group)
FIRST(int, lchown, (const char *path, uid_t user, gid_t group), path, user, group)
FIRST(int, fchownat, (int at, const char *path, uid_t user, gid_t group, int flags), at, path, user, group,
      flags)
FIRST(int, utime, (const char *path, const struct utimbuf *times), path, times)
FIRST(int, utimes, (const char *path, const struct timeval times[2]), path, times)
FIRST(int, lutimes, (const char *path, const struct timeval times[2]), path, times)
FIRST(int, futimesat, (int at, const char *path, const struct timeval times[2]), at, path, times)
FIRST(int, utimensat, (int at, const char *path, const struct timespec times[2], int flags), at, path, times,
      flags)

FIRST(int, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags), path,
      name, value, size, flags)
FIRST(int, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags), path,
      name, value, size, flags)
FIRST(ssize_t, getxattr, (const char *path, const char *name, void *value, size_t size), path, name, value,
      size)
FIRST(ssize_t, lgetxattr, (const char *path, const char *name, void *value, size_t size), path, name, value,
      size)
FIRST(ssize_t, listxattr, (const char *path, char *list, size_t size), path, list, size)
FIRST(ssize_t, llistxattr, (const char *path, char *list, size_t size), path, list, size)
FIRST(int, removexattr, (const char *path, const char *name), path, name)
FIRST(int, lremovexattr, (const char *path, const char *name), path, name)
FIRST(int, inotify_add_watch, (int watcher, const char *path, uint32_t mask), watcher, path, mask)

typedef int Filter(const struct dirent *);
typedef int Order(const struct dirent **, const struct dirent **);
typedef int Filter64(const struct dirent64 *);
typedef int Order64(const struct dirent64 **, const struct dirent64 **);
FIRST(int, scandir, (const char *path, struct dirent ***names, Filter *filter, Order *order), path, names,
      filter, order)
FIRST(int, scandir64, (const char *path, struct dirent64 ***names, Filter64 *filter, Order64 *order), path,
      names, filter, order)
FIRST(int, nftw, (const char *path, __nftw_func_t visit, int most, int flags), path, visit, most, flags)
FIRST(int, nftw64, (const char *path, __nftw64_func_t visit, int most, int flags), path, visit, most, flags)
FIRST(int, ftw, (const char *path, __ftw_func_t visit, int most), path, visit, most)
FIRST(int, ftw64, (const char *path, __ftw64_func_t visit, int most), path, visit, most)
typedef int GlobError(const char *, int);
FIRST(int, glob, (const char *path, int flags, GlobError *error, glob_t *found), path, flags, error, found)
FIRST(int, glob64, (const char *path, int flags, GlobError *error, glob64_t *found), path, flags, error, found)

// The six letters that are chosen go back into the caller's own text.
static void give_letters_back(char *text, const char *made, int suffix) {
    size_t length = strlen(text), count = strlen(made), tail = 6 + (size_t)suffix;
    if (length >= tail && count >= tail) memcpy(text + length - tail, made + count - tail, 6);
}
#define TEMPLATE(name, params, suffix, ...)                                                                  \
    int name params {                                                                                        \
        NEXT(name);                                                                                          \
        char room[PATH_BYTES];                                                                               \
        char *text = (char *)lockstep_real_path(path, room);                                                 \
        int file = next(__VA_ARGS__);                                                                        \
        if (text != path) give_letters_back(path, text, suffix);                                             \
        return file;                                                                                         \
    }
TEMPLATE(mkstemp, (char *path), 0, text)
TEMPLATE(mkstemp64, (char *path), 0, text)
TEMPLATE(mkostemp, (char *path, int flags), 0, text, flags)
TEMPLATE(mkostemp64, (char *path, int flags), 0, text, flags)
TEMPLATE(mkstemps, (char *path, int suffix), suffix, text, suffix)
TEMPLATE(mkstemps64, (char *path, int suffix), suffix, text, suffix)

char *mkdtemp(char *path) {
    NEXT(mkdtemp);
    char room[PATH_BYTES];
    char *text = (char *)lockstep_real_path(path, room);
    if (!next(text)) return NULL;
    if (text != path) give_letters_back(path, text, 0);
    return path;
}
