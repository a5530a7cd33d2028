#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// The folder through a descriptor, because an address holds 107 bytes at most.
static int address_of(const char *folder, const char *name, struct sockaddr_un *address) {
    int descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", descriptor, name);
    return descriptor;
}

static int finish(int descriptor, int folder, int result) {
    int failure = errno;
    close(folder);
    if (result != 0 && descriptor >= 0) close(descriptor);
    errno = failure;
    return result == 0 ? descriptor : -1;
}

int cprocess_listen(const char *folder, const char *name) {
    struct sockaddr_un address;
    int place = address_of(folder, name, &address);
    if (place < 0) return -1;
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result = descriptor < 0 ? -1 : bind(descriptor, (struct sockaddr *)&address, sizeof address);
    if (result == 0) result = listen(descriptor, 64);
    return finish(descriptor, place, result);
}

int cprocess_connect(const char *folder, const char *name) {
    struct sockaddr_un address;
    int place = address_of(folder, name, &address);
    if (place < 0) return -1;
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int result = descriptor < 0 ? -1 : connect(descriptor, (struct sockaddr *)&address, sizeof address);
    return finish(descriptor, place, result);
}

int cprocess_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int cprocess_send_streams(int connection, const void *bytes, size_t length, const int streams[2]) {
    struct iovec part = {(void *)bytes, length};
    char control[CMSG_SPACE(2 * sizeof(int))];
    memset(control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), streams, 2 * sizeof(int));
    return sendmsg(connection, &message, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

ssize_t cprocess_receive_streams(int connection, void *bytes, size_t capacity, int streams[2]) {
    struct iovec part = {bytes, capacity};
    char control[CMSG_SPACE(2 * sizeof(int))];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    streams[0] = streams[1] = -1;
    ssize_t count = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t size = header->cmsg_len - CMSG_LEN(0);
        memcpy(streams, CMSG_DATA(header), size < 2 * sizeof(int) ? size : 2 * sizeof(int));
    }
    return count;
}
