#pragma once
#include <errno.h>
#include <zmq.h>

/// Whether the last call only ran out of time or was interrupted by a signal. (Here, so that the importer does not
/// need the system's error numbers.)
static inline int zmqx_may_try_again(void) {
    int code = zmq_errno();
    return code == EAGAIN || code == EINTR;
}
