/*
 * Preloaded into a program: while the file named by HANGING exists, fsync(2) of whatever lies below the
 * directory named by HANGING_DISK does not return, as on a disk that does not answer. The thread that
 * called it is gone for as long, and nothing else is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is_on_disk(int file) {
    char link[32], path[4096];
    const char *disk = getenv("HANGING_DISK");
    if (!disk) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, disk, strlen(disk)) == 0;
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    const char *hanging = getenv("HANGING");
    const struct timespec moment = {.tv_nsec = 5000000};
    while (hanging && is_on_disk(file) && access(hanging, F_OK) == 0) nanosleep(&moment, NULL);
    return real(file);
}
