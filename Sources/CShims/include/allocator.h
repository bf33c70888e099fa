#ifndef RELAUNCH_CSHIMS_ALLOCATOR_H
#define RELAUNCH_CSHIMS_ALLOCATOR_H

/// malloc_trim(3) of everything: gives free memory back to the system. Swift's Glibc module leaves it out. May take some milliseconds.
void relaunch_release_free_memory(void);

#endif
