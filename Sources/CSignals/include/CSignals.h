// Remembers the signals that tell a daemon what to do, from its first instant on.
#ifndef CSIGNALS_H
#define CSIGNALS_H

#include <stdint.h>

/// Has SIGHUP, SIGINT and SIGTERM remembered from here on, in place of what they would do, and SIGPIPE
/// ignored. To be called once, before there is a second thread: a signal that finds its default action ends
/// the process, whichever thread it finds. A signal that is pending because our parent had blocked it is
/// remembered as soon as a thread unblocks it.
///
/// A handler, and not a mask and signalfd(2): the main thread of a Swift program goes to sleep in
/// sigsuspend(2) with an empty mask. A program that is executed has the default actions again, but for SIGPIPE,
/// which stays ignored unless its caller sees to it; see execve(2).
///
/// Returns a descriptor from which a byte can be read after each that came, and maybe one for several; a
/// negative errno when there is none, and then nothing has changed. See sigaction(2) and pipe(2).
int csignals_catch(void);

/// Returns what has come since it was asked last, however often: the bit `1 << number` for each.
uint64_t csignals_taken(void);

/// Undoes csignals_catch(): what has come meanwhile does now what it would have done. To be called while
/// there is no second thread.
void csignals_release(void);

#endif
