#define _GNU_SOURCE
#include "CAllocator.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void callocator_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

size_t callocator_idle_bytes(void) {
    return mallinfo2().fordblks;
}

void callocator_trim(void) {
    malloc_trim(0);
}

static int unmap_pages(struct dl_phdr_info *object, size_t size, void *page) {
    (void)size;
    const uintptr_t mask = *(const uintptr_t *)page - 1;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        // What can be written differs from the file: relocated addresses, variables.
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        const uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~mask;
        const uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz + mask) & ~mask;
        // Refused for pages that are no file's, the kernel's own among them, and for locked ones: they stay.
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void callocator_unmap_program(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(unmap_pages, &page);
}
