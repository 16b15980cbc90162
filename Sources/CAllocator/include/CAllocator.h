// Controls glibc's allocator, the part of malloc.h that Swift's module of glibc lacks, and what is mapped of the program.
#ifndef CALLOCATOR_H
#define CALLOCATOR_H

#include <stddef.h>

/// Has all threads allocate from at most so many places: what one has freed another one uses. To be called
/// before there is a second thread. See mallopt(3), M_ARENA_MAX.
void callocator_limit_arenas(int count);

/// Returns the bytes that are free in the allocator and not returned to the kernel. See mallinfo(3).
size_t callocator_idle_bytes(void);

/// Gives what lies idle back to the kernel. See malloc_trim(3).
void callocator_trim(void);

/// Has all pages of code and constants, the program's and its libraries', leave the process; they stay in the kernel's
/// page cache, and each that is used again is mapped again from there. See madvise(2), MADV_DONTNEED, and
/// dl_iterate_phdr(3).
void callocator_unmap_program(void);

#endif
