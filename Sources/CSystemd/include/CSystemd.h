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

/// A connection to the system bus. To be used by one thread at a time; see sd-bus(3).
struct csystemd_bus;

/// A message that came over a bus. Strings read from it live as long as it does, and it must go
/// before its connection does.
struct csystemd_message;

/// Opens a private connection to the system bus, in $DBUS_SYSTEM_BUS_ADDRESS when that is set. Does
/// not wait until the bus has let us in: that is part of the first csystemd_bus_next().
///
/// Returns a non-negative value and fills in `bus`, to be given to csystemd_bus_close(); a negative
/// errno otherwise (-ENOENT or -ECONNREFUSED when there is no bus). See sd_bus_open_system(3).
int csystemd_bus_open_system(struct csystemd_bus *_Nullable *_Nonnull bus);

/// Closes a connection. What was not sent yet is dropped, as flushing could wait for a minute and a
/// half on a bus that hangs. See sd_bus_close_unref(3).
void csystemd_bus_close(struct csystemd_bus *_Nonnull bus);

/// Queues a method call, and does not wait for anything. Its arguments are `number` (D-Bus type u)
/// when that is not NULL, then the `count` strings (type s).
///
/// Returns a non-negative value and fills in `cookie`, by which the answer is known; a negative
/// errno otherwise (-EINVAL when a name or path is not valid, -ENOTCONN when the connection is
/// gone). See sd_bus_message_new_method_call(3) and sd_bus_send(3).
int csystemd_bus_send(struct csystemd_bus *_Nonnull bus, const char *_Nonnull destination,
                      const char *_Nonnull path, const char *_Nonnull interface,
                      const char *_Nonnull member, const uint32_t *_Nullable number,
                      const char *_Nullable const *_Nullable strings, size_t count,
                      uint64_t *_Nonnull cookie);

/// Does what the connection has to do and takes the next message, without waiting.
///
/// Returns a positive value and fills in `message`, to be given to csystemd_message_unref(); 0 when
/// there is none yet: csystemd_bus_wait(); a negative errno when the connection is gone. See
/// sd_bus_process(3).
int csystemd_bus_next(struct csystemd_bus *_Nonnull bus,
                      struct csystemd_message *_Nullable *_Nonnull message);

/// Waits until there is something to do for csystemd_bus_next(), until `wake_fd` is readable, or
/// for `usec` microseconds; UINT64_MAX waits without an end.
///
/// Returns 0 when the wait is over for any reason but `wake_fd`, for which it is -ECANCELED; another
/// negative errno when it failed. See sd_bus_get_fd(3) and sd_bus_get_timeout(3).
int csystemd_bus_wait(struct csystemd_bus *_Nonnull bus, int wake_fd, uint64_t usec);

/// Makes a `wake_fd`, to be closed with close(2): its descriptor, or a negative errno. Here because
/// Swift is not shown eventfd(2).
int csystemd_wake_open(void);

/// Makes `wake_fd` readable, for good. May be called from any thread.
void csystemd_wake_raise(int wake_fd);

/// Lets go of a message.
void csystemd_message_unref(struct csystemd_message *_Nonnull message);

/// The kinds of message that a client is sent.
enum csystemd_message_kind {
    CSYSTEMD_MESSAGE_OTHER,
    CSYSTEMD_MESSAGE_ANSWER,
    CSYSTEMD_MESSAGE_ERROR,
    CSYSTEMD_MESSAGE_SIGNAL,
};

/// What a message is. See sd_bus_message_get_type(3).
enum csystemd_message_kind csystemd_message_kind(struct csystemd_message *_Nonnull message);

/// The cookie of the call that an answer or an error is for; 0 for anything else.
uint64_t csystemd_message_answers(struct csystemd_message *_Nonnull message);

/// Whether the message is the signal `member` of `interface`. See sd_bus_message_is_signal(3).
int csystemd_message_is_signal(struct csystemd_message *_Nonnull message,
                               const char *_Nonnull interface, const char *_Nonnull member);

/// The object a signal is from; NULL for other messages.
const char *_Nullable csystemd_message_path(struct csystemd_message *_Nonnull message);

/// Who sent a message, by the unique name that the bus gave; NULL when the message is not from a bus.
const char *_Nullable csystemd_message_sender(struct csystemd_message *_Nonnull message);

/// Of an error, its D-Bus name in `name` and its text, or NULL, in `text`.
///
/// Returns the errno that the name stands for, positive; 0 for a message that is no error. See
/// sd_bus_error_get_errno(3).
int csystemd_message_error(struct csystemd_message *_Nonnull message,
                           const char *_Nullable *_Nonnull name,
                           const char *_Nullable *_Nonnull text);

/// Reads the next value of a message, of the D-Bus type `type`: 's' (text) or 'o' (object path).
///
/// Returns a positive value; 0 at the end of an array; a negative errno when the value is of another
/// type. So do all that follow. See sd_bus_message_read_basic(3).
int csystemd_message_read_text(struct csystemd_message *_Nonnull message, char type,
                               const char *_Nullable *_Nonnull text);

/// Reads the next value, of D-Bus type u.
int csystemd_message_read_number(struct csystemd_message *_Nonnull message,
                                 uint32_t *_Nonnull number);

/// Reads the next value, of D-Bus type t.
int csystemd_message_read_large_number(struct csystemd_message *_Nonnull message,
                                       uint64_t *_Nonnull number);

/// Reads the next value, of D-Bus type b, as 0 or 1.
int csystemd_message_read_flag(struct csystemd_message *_Nonnull message, int *_Nonnull flag);

/// Enters the container that comes next: `type` is 'a', 'v', 'r' or 'e', `contents` what is in it.
/// See sd_bus_message_enter_container(3).
int csystemd_message_enter(struct csystemd_message *_Nonnull message, char type,
                           const char *_Nonnull contents);

/// Leaves the container entered last, which must have been read to its end.
int csystemd_message_exit(struct csystemd_message *_Nonnull message);

/// Passes over the values of `types`. See sd_bus_message_skip(3).
int csystemd_message_skip(struct csystemd_message *_Nonnull message, const char *_Nonnull types);

#endif
