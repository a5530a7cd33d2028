// Functions that start programs, change the folder, load libraries and name sockets.
#include "PathShim.h"
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

FIRST(int, chdir, (const char *path), path)
FIRST(int, execve, (const char *path, char *const words[], char *const variables[]), path, words, variables)
FIRST(int, execv, (const char *path, char *const words[]), path, words)
FIRST(int, execvp, (const char *path, char *const words[]), path, words)
FIRST(int, execvpe, (const char *path, char *const words[], char *const variables[]), path, words, variables)
FIRST(int, posix_spawn,
      (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
       const posix_spawnattr_t *attributes, char *const words[], char *const variables[]),
      pid, path, actions, attributes, words, variables)
FIRST(int, posix_spawnp,
      (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
       const posix_spawnattr_t *attributes, char *const words[], char *const variables[]),
      pid, path, actions, attributes, words, variables)
FIRST(int, posix_spawn_file_actions_addopen,
      (posix_spawn_file_actions_t * actions, int file, const char *path, int flags, mode_t mode), actions, file,
      path, flags, mode)
FIRST(int, posix_spawn_file_actions_addchdir_np, (posix_spawn_file_actions_t * actions, const char *path),
      actions, path)

// The words of execl and its kin, with what stands behind their end.
#define WORDS(last)                                                                                          \
    va_list list;                                                                                            \
    size_t count = 1;                                                                                        \
    va_start(list, last);                                                                                    \
    while (va_arg(list, char *)) count++;                                                                    \
    va_end(list);                                                                                            \
    char *words[count + 1];                                                                                  \
    va_start(list, last);                                                                                    \
    words[0] = (char *)last;                                                                                 \
    for (size_t i = 1; i <= count; i++) words[i] = va_arg(list, char *);

int execl(const char *path, const char *word, ...) {
    WORDS(word)
    va_end(list);
    return execve(path, words, environ);
}

int execle(const char *path, const char *word, ...) {
    WORDS(word)
    char *const *variables = va_arg(list, char *const *);
    va_end(list);
    return execve(path, words, variables);
}

int execlp(const char *path, const char *word, ...) {
    WORDS(word)
    va_end(list);
    return execvp(path, words);
}

// The loader looks at who calls: the call must not become this library's.
void *dlopen(const char *path, int flags) {
    NEXT(dlopen);
    static __thread char room[PATH_BYTES];
    path = lockstep_real_path(path, room);
    __attribute__((musttail)) return next(path, flags);
}

static const struct sockaddr *socket_name(
    const struct sockaddr *name, socklen_t *length, struct sockaddr_un *room
) {
    const size_t head = offsetof(struct sockaddr_un, sun_path);
    if (!name || name->sa_family != AF_UNIX || *length <= head || *length > sizeof *room) return name;
    memset(room, 0, sizeof *room);
    memcpy(room, name, *length);
    char text[sizeof room->sun_path + 1] = {0}, buffer[PATH_BYTES];
    memcpy(text, room->sun_path, *length - head);
    const char *path = lockstep_real_path(text, buffer);
    if (path == text || strlen(path) >= sizeof room->sun_path) return name;
    strcpy(room->sun_path, path);
    *length = (socklen_t)(head + strlen(path) + 1);
    return (struct sockaddr *)room;
}

int bind(int socket, const struct sockaddr *name, socklen_t length) {
    NEXT(bind);
    struct sockaddr_un room;
    name = socket_name(name, &length, &room);
    return next(socket, name, length);
}

int connect(int socket, const struct sockaddr *name, socklen_t length) {
    NEXT(connect);
    struct sockaddr_un room;
    name = socket_name(name, &length, &room);
    return next(socket, name, length);
}
