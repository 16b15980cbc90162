/// The few words discoveryd speaks to systemd, under names of our own.
///
/// No systemd header is included here, so that Swift sees only what is declared below: libsystemd's
/// variadic functions cannot be imported, and its types would otherwise leak into the Swift API.
/// Every function returns what its counterpart in libsystemd returns: a negative errno on failure.

#ifndef CSYSTEMD_H
#define CSYSTEMD_H

#include <stddef.h>
#include <stdint.h>

/// Sends `state`, newline-separated assignments such as "READY=1\nSTATUS=...", to the service
/// manager in one datagram. $NOTIFY_SOCKET is left in the environment, so it can be called again.
///
/// Returns a positive value when the datagram was queued, 0 when $NOTIFY_SOCKET is not set, a
/// negative errno otherwise (-EINVAL when $NOTIFY_SOCKET is set but is no socket address, the empty
/// string included). See sd_notify(3).
int csystemd_notify(const char *_Nonnull state);

/// Asks whether the service manager expects WATCHDOG=1 from this process. The environment is left
/// as it is.
///
/// Returns a positive value and fills in `usec`, the time in microseconds after which the manager
/// acts, when it does; 0 when $WATCHDOG_USEC is not set or $WATCHDOG_PID names another process; a
/// negative errno when either is not a number. See sd_watchdog_enabled(3).
int csystemd_watchdog_enabled(uint64_t *_Nonnull usec);

/// One field of a journal entry, "NAME=value", not terminated. Laid out as struct iovec(3type).
struct csystemd_field {
    const void *_Nullable base;
    size_t length;
};

/// Sends one entry of `count` fields to the journal in its native protocol. No field is added for
/// the place in the code: the caller says CODE_FILE=, CODE_LINE= and CODE_FUNC= itself. A value may
/// hold any byte, newlines included. May be called from several threads at once.
///
/// Returns 0 when the entry was handed over, and also when there is no journal socket at all; a
/// negative errno otherwise (-EINVAL when `count` is 0 or a field has no '='). See
/// sd_journal_sendv(3).
int csystemd_journal_send(const struct csystemd_field *_Nonnull fields, size_t count);

/// The number of bytes of an application id, and of the machine id derived from it.
#define CSYSTEMD_ID128_SIZE 16

/// Derives this machine's id for the application `application`, both CSYSTEMD_ID128_SIZE bytes,
/// into `id`. The machine id itself cannot be computed back from it.
///
/// Returns 0 on success; -ENOENT when /etc/machine-id is missing, -ENOMEDIUM when it is empty or
/// all zeros, -EPERM or -EACCES when it may not be read. When it is no id the man page says -EIO;
/// systemd 252 returns -ENOPKG for "uninitialized" and -EINVAL for anything else. See
/// sd_id128_get_machine_app_specific(3).
int csystemd_machine_app_specific(const uint8_t *_Nonnull application, uint8_t *_Nonnull id);

#endif
