#ifndef RELAUNCH_CSHIMS_SOCKETS_H
#define RELAUNCH_CSHIMS_SOCKETS_H

// Swift's Glibc module leaves epoll(7) and eventfd(2) out.
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC, which Swift's Glibc module does not show. Returns the descriptor, or -1 with errno set.
int relaunch_accept(int listener);

#endif
