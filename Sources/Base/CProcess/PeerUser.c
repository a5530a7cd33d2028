#define _GNU_SOURCE
#include "CProcess.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

// Address and port as the kernel's socket tables have them: an IPv4 address mapped into IPv6 is one of IPv4.
static int place(const struct sockaddr *from, int *family, __be32 address[4], __be16 *port) {
    memset(address, 0, 4 * sizeof address[0]);
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        *family = AF_INET;
        address[0] = in->sin_addr.s_addr;
        *port = in->sin_port;
        return 0;
    }
    if (from->sa_family != AF_INET6) return -EAFNOSUPPORT;
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)from;
    *port = in->sin6_port;
    if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
        *family = AF_INET;
        memcpy(address, in->sin6_addr.s6_addr + 12, 4);
    } else {
        *family = AF_INET6;
        memcpy(address, &in->sin6_addr, 16);
    }
    return 0;
}

// Reads the kernel's answer about the socket whose own side is `id`.
static int answer(int descriptor, const struct inet_diag_sockid *id, uid_t *user) {
    union {
        struct nlmsghdr header;
        char bytes[8192];
    } reply;
    ssize_t count = recv(descriptor, &reply, sizeof reply, 0);
    if (count < 0) return -errno;
    if (!NLMSG_OK(&reply.header, (size_t)count)) return -EPROTO;
    if (reply.header.nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *failure = NLMSG_DATA(&reply.header);
        return failure->error < 0 ? failure->error : -EPROTO;
    }
    if (reply.header.nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) return -EPROTO;
    const struct inet_diag_msg *message = NLMSG_DATA(&reply.header);
    // A listener in place of the connection, or a connection that no process holds any more: the kernel
    // gives such a one to root, whoever opened it.
    int isConnected = message->idiag_state == TCP_ESTABLISHED || message->idiag_state == TCP_CLOSE_WAIT
        || message->idiag_state == TCP_FIN_WAIT1 || message->idiag_state == TCP_FIN_WAIT2;
    if (!isConnected || message->idiag_inode == 0) return -ENOTCONN;
    if (message->id.idiag_sport != id->idiag_sport || message->id.idiag_dport != id->idiag_dport)
        return -ENOTCONN;
    *user = message->idiag_uid;
    return 0;
}

int cprocess_peer_user(const struct sockaddr *own, const struct sockaddr *peer, uid_t *user) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } question;
    memset(&question, 0, sizeof question);
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.request.sdiag_protocol = IPPROTO_TCP;
    question.request.idiag_states = ~0U;
    struct inet_diag_sockid *id = &question.request.id;
    id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    int ownFamily, peerFamily;
    int failure = place(own, &ownFamily, id->idiag_dst, &id->idiag_dport);
    if (failure == 0) failure = place(peer, &peerFamily, id->idiag_src, &id->idiag_sport);
    if (failure != 0) return failure;
    if (ownFamily != peerFamily) return -EAFNOSUPPORT;
    question.request.sdiag_family = (__u8)peerFamily;

    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (descriptor < 0) return -errno;
    struct timeval patience = {.tv_sec = 1};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(descriptor, &question, sizeof question, 0) != (ssize_t)sizeof question)
        failure = errno != 0 ? -errno : -EIO;
    else
        failure = answer(descriptor, id, user);
    close(descriptor);
    return failure;
}
