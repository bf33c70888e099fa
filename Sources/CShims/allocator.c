#include "allocator.h"

#include <malloc.h>

void relaunch_release_free_memory(void) { malloc_trim(0); }
