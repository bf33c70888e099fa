#define _GNU_SOURCE
#include "sockets.h"
#include <stddef.h>
#include <sys/socket.h>

int relaunch_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }
