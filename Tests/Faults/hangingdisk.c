/*
 * Preloaded into a program: while the file named by HANGING exists, fsync(2) of whatever lies below the
 * directories named by HANGING_DISKS, separated by colons, does not return, as on a disk that does not answer; with
 * HANGING_WHOLLY neither does the opening, the looking at or the removal of a file there. The thread that called
 * is gone for as long, and nothing else is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int is_on_disk(const char *path) {
    const char *disks = getenv("HANGING_DISKS");
    while (disks && *disks) {
        size_t length = strcspn(disks, ":");
        if (strncmp(path, disks, length) == 0) return 1;
        disks += length + (disks[length] == ':');
    }
    return 0;
}

static void wait_for_path(const char *path) {
    const char *hanging = getenv("HANGING");
    const struct timespec moment = {.tv_nsec = 5000000};
    while (hanging && is_on_disk(path) && access(hanging, F_OK) == 0) nanosleep(&moment, NULL);
}

static void wait_for_file(int file) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    wait_for_path(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int file) {
    wait_for_file(file);
    return REAL(fsync)(file);
}

static int hangs_wholly(void) { return getenv("HANGING_WHOLLY") != NULL; }

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (hangs_wholly()) wait_for_path(path);
    return REAL(open)(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (hangs_wholly() && path[0] == '/') wait_for_path(path);
    else if (hangs_wholly()) wait_for_file(directory);
    return REAL(openat)(directory, path, flags, mode);
}

int lstat(const char *path, struct stat *status) {
    if (hangs_wholly()) wait_for_path(path);
    return REAL(lstat)(path, status);
}

int unlink(const char *path) {
    if (hangs_wholly()) wait_for_path(path);
    return REAL(unlink)(path);
}
