#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#include <sys/random.h>
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
