#include "CSystemd.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

// The place in the code is the Swift caller's, not this file's.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

_Static_assert(sizeof(struct csystemd_field) == sizeof(struct iovec), "one array serves as both");
_Static_assert(offsetof(struct csystemd_field, base) == offsetof(struct iovec, iov_base), "base");
_Static_assert(offsetof(struct csystemd_field, length) == offsetof(struct iovec, iov_len), "len");
_Static_assert(sizeof(sd_id128_t) == CSYSTEMD_ID128_SIZE, "an id is 128 bits");

int csystemd_notify(const char *state) {
    return sd_notify(0, state);
}

int csystemd_watchdog_enabled(uint64_t *usec) {
    return sd_watchdog_enabled(0, usec);
}

int csystemd_journal_send(const struct csystemd_field *fields, size_t count) {
    if (count > INT_MAX)
        return -EINVAL;
    return sd_journal_sendv((const struct iovec *) fields, (int) count);
}

int csystemd_machine_app_specific(const uint8_t *application, uint8_t *id) {
    sd_id128_t from, derived;
    memcpy(from.bytes, application, sizeof from.bytes);
    int r = sd_id128_get_machine_app_specific(from, &derived);
    if (r < 0)
        return r;
    memcpy(id, derived.bytes, sizeof derived.bytes);
    return r;
}
