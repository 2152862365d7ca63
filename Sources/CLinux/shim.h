#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <dirent.h>
#include <spawn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/// errno is a macro over a function's result, which Swift cannot import.
static inline int linux_errno(void) { return errno; }
/// open is variadic, which Swift cannot import.
static inline int linux_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
/// fcntl is variadic.
static inline void linux_close_on_exec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }
static inline void linux_no_waiting(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }
/// Called by a signal handler: errno belongs to the code that was interrupted, and Swift cannot set it.
static inline void linux_write_signal(int fd, int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    if (write(fd, &byte, 1) < 0) { /* A full pipe already holds enough to wake the reader. */ }
    errno = saved;
}
/// SIG_IGN is a macro with a cast.
static inline void linux_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }


/// accept4 is declared for GNU sources only, and its flags are enumerators of an anonymous enum.
int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int);
static inline int linux_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
static inline int linux_listener_type(void) { return SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC; }

/// Declared for GNU sources only.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

/// struct ucred is declared for GNU sources only. Who is at the other end of a Unix socket; 0 when the kernel says it.
struct linux_peer { pid_t process; uid_t user; gid_t group; };
static inline int linux_get_peer(int descriptor, struct linux_peer *peer) {
    socklen_t size = sizeof(*peer);
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, peer, &size);
}
/// The types of sockets are enumerators of an anonymous enum.
static inline int linux_local_socket(int waits) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0);
}

/// The resource's type is an enum in C and differs between libc modes.
static inline int linux_get_descriptor_limit(struct rlimit *limit) { return getrlimit(RLIMIT_NOFILE, limit); }
static inline int linux_set_descriptor_limit(const struct rlimit *limit) { return setrlimit(RLIMIT_NOFILE, limit); }

/// struct epoll_event is packed and holds a union; it is passed by its parts. `tag` comes back with the event.
static inline int linux_epoll_control(int epoll, int operation, int descriptor, unsigned events, unsigned long tag) {
    struct epoll_event event = {.events = events, .data = {.u64 = tag}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}
static inline unsigned linux_epoll_events(const struct epoll_event *list, int index) { return list[index].events; }
static inline unsigned long linux_epoll_tag(const struct epoll_event *list, int index) { return list[index].data.u64; }

/// The macros that take a child's status apart: its exit code, or 128 and the signal that ended it, as shells say it.
static inline int linux_exit_code(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : -1;
}
