#include "CAllocator.h"

#include <malloc.h>

void callocator_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

size_t callocator_idle_bytes(void) {
    return mallinfo2().fordblks;
}

void callocator_trim(void) {
    malloc_trim(0);
}
