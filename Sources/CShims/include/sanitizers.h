#ifndef RELAUNCH_CSHIMS_SANITIZERS_H
#define RELAUNCH_CSHIMS_SANITIZERS_H

// ThreadSanitizer's own interface (sanitizer/tsan_interface.h of compiler-rt). Only builds with `-sanitize=thread` have the functions.

/// The calling thread has taken what `address` stands for: it sees all that was done before the last release.
void __tsan_acquire(void *address);

/// The calling thread gives up what `address` stands for.
void __tsan_release(void *address);

#endif
