#define _GNU_SOURCE
#include "CSignals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

// What a handler may touch; see signal-safety(7).
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a handler must not wait for a lock");

static const int caught[] = { SIGHUP, SIGINT, SIGTERM };
enum { COUNT = sizeof caught / sizeof *caught };

static struct sigaction before[COUNT], before_pipe;
static int wake[2] = { -1, -1 };
static _Atomic uint64_t came;

static void remember(int number) {
    int saved = errno;
    atomic_fetch_or(&came, UINT64_C(1) << number);
    // Fails only when it is full, and then it is readable already.
    if (write(wake[1], "", 1) < 0) {
    }
    errno = saved;
}

int csignals_catch(void) {
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    struct sigaction action = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &action, &before_pipe);
    // What a signal interrupts goes on.
    action = (struct sigaction) { .sa_handler = remember, .sa_flags = SA_RESTART };
    for (int i = 0; i < COUNT; i++)
        sigaddset(&action.sa_mask, caught[i]);
    for (int i = 0; i < COUNT; i++)
        sigaction(caught[i], &action, &before[i]);
    return wake[0];
}

uint64_t csignals_taken(void) { return atomic_exchange(&came, 0); }

void csignals_release(void) {
    sigaction(SIGPIPE, &before_pipe, NULL);
    for (int i = 0; i < COUNT; i++)
        sigaction(caught[i], &before[i], NULL);
    uint64_t taken = csignals_taken();
    for (int i = 0; i < COUNT; i++) {
        if (taken & UINT64_C(1) << caught[i])
            raise(caught[i]);
    }
    close(wake[0]);
    close(wake[1]);
    wake[0] = wake[1] = -1;
}
