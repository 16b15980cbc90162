#define _GNU_SOURCE
#include "CSystemd.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>

#include <systemd/sd-bus.h>

// Our names for libsystemd's types: the same pointers, seen by Swift as opaque ones.
static sd_bus *real(struct csystemd_bus *bus) { return (sd_bus *) bus; }
static sd_bus_message *message_of(struct csystemd_message *m) { return (sd_bus_message *) m; }

int csystemd_bus_open_system(struct csystemd_bus **bus) {
    sd_bus *opened = NULL;
    int r = sd_bus_open_system(&opened);
    *bus = (struct csystemd_bus *) opened;
    return r;
}

void csystemd_bus_close(struct csystemd_bus *bus) { sd_bus_close_unref(real(bus)); }

int csystemd_bus_send(struct csystemd_bus *bus, const char *destination, const char *path,
                      const char *interface, const char *member, const uint32_t *number,
                      const char *const *strings, size_t count, uint64_t *cookie) {
    sd_bus_message *call = NULL;
    int r = sd_bus_message_new_method_call(real(bus), &call, destination, path, interface, member);
    if (r >= 0 && number)
        r = sd_bus_message_append_basic(call, SD_BUS_TYPE_UINT32, number);
    for (size_t i = 0; r >= 0 && i < count; i++)
        r = sd_bus_message_append_basic(call, SD_BUS_TYPE_STRING, strings[i]);
    if (r >= 0)
        r = sd_bus_send(real(bus), call, cookie);
    sd_bus_message_unref(call);
    return r;
}

int csystemd_bus_next(struct csystemd_bus *bus, struct csystemd_message **message) {
    for (;;) {
        sd_bus_message *m = NULL;
        int r = sd_bus_process(real(bus), &m);
        *message = (struct csystemd_message *) m;
        // Positive without a message: something else was done, and there may be more.
        if (r <= 0 || m)
            return r;
    }
}

static uint64_t monotonic_usec(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

int csystemd_bus_wait(struct csystemd_bus *bus, int wake_fd, uint64_t usec) {
    int fd = sd_bus_get_fd(real(bus));
    if (fd < 0)
        return fd;
    int events = sd_bus_get_events(real(bus));
    if (events < 0)
        return events;
    uint64_t until; // On the monotonic clock.
    int r = sd_bus_get_timeout(real(bus), &until);
    if (r < 0)
        return r;
    if (until != UINT64_MAX) {
        uint64_t now = monotonic_usec();
        uint64_t left = until > now ? until - now : 0;
        if (left < usec)
            usec = left;
    }

    struct pollfd polled[] = {
        { .fd = fd, .events = (short) events },
        { .fd = wake_fd, .events = POLLIN },
    };
    struct timespec timeout = { (time_t) (usec / 1000000), (long) (usec % 1000000 * 1000) };
    if (ppoll(polled, 2, usec == UINT64_MAX ? NULL : &timeout, NULL) < 0)
        return errno == EINTR ? 0 : -errno;
    return polled[1].revents ? -ECANCELED : 0;
}

int csystemd_wake_open(void) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

void csystemd_wake_raise(int wake_fd) {
    // Fails only when the count is full, and then it is readable already.
    (void) eventfd_write(wake_fd, 1);
}

void csystemd_message_unref(struct csystemd_message *m) { sd_bus_message_unref(message_of(m)); }

enum csystemd_message_kind csystemd_message_kind(struct csystemd_message *m) {
    uint8_t type = 0;
    sd_bus_message_get_type(message_of(m), &type);
    switch (type) {
    case SD_BUS_MESSAGE_METHOD_RETURN:
        return CSYSTEMD_MESSAGE_ANSWER;
    case SD_BUS_MESSAGE_METHOD_ERROR:
        return CSYSTEMD_MESSAGE_ERROR;
    case SD_BUS_MESSAGE_SIGNAL:
        return CSYSTEMD_MESSAGE_SIGNAL;
    default:
        return CSYSTEMD_MESSAGE_OTHER;
    }
}

uint64_t csystemd_message_answers(struct csystemd_message *m) {
    uint64_t cookie = 0;
    return sd_bus_message_get_reply_cookie(message_of(m), &cookie) < 0 ? 0 : cookie;
}

int csystemd_message_is_signal(struct csystemd_message *m, const char *interface,
                               const char *member) {
    return sd_bus_message_is_signal(message_of(m), interface, member);
}

const char *csystemd_message_path(struct csystemd_message *m) {
    return sd_bus_message_get_path(message_of(m));
}

const char *csystemd_message_sender(struct csystemd_message *m) {
    return sd_bus_message_get_sender(message_of(m));
}

int csystemd_message_error(struct csystemd_message *m, const char **name, const char **text) {
    const sd_bus_error *error = sd_bus_message_get_error(message_of(m));
    *name = error ? error->name : NULL;
    *text = error ? error->message : NULL;
    return error ? sd_bus_error_get_errno(error) : 0;
}

int csystemd_message_read_text(struct csystemd_message *m, char type, const char **text) {
    // Another type than these two would be written over `text` in its own size.
    if (type != SD_BUS_TYPE_STRING && type != SD_BUS_TYPE_OBJECT_PATH)
        return -EINVAL;
    return sd_bus_message_read_basic(message_of(m), type, text);
}

int csystemd_message_read_number(struct csystemd_message *m, uint32_t *number) {
    return sd_bus_message_read_basic(message_of(m), SD_BUS_TYPE_UINT32, number);
}

int csystemd_message_read_large_number(struct csystemd_message *m, uint64_t *number) {
    return sd_bus_message_read_basic(message_of(m), SD_BUS_TYPE_UINT64, number);
}

int csystemd_message_read_flag(struct csystemd_message *m, int *flag) {
    return sd_bus_message_read_basic(message_of(m), SD_BUS_TYPE_BOOLEAN, flag);
}

int csystemd_message_enter(struct csystemd_message *m, char type, const char *contents) {
    return sd_bus_message_enter_container(message_of(m), type, contents);
}

int csystemd_message_exit(struct csystemd_message *m) {
    return sd_bus_message_exit_container(message_of(m));
}

int csystemd_message_skip(struct csystemd_message *m, const char *types) {
    return sd_bus_message_skip(message_of(m), types);
}
