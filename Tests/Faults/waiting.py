"""Waiting for something to happen, with a deadline; and saying in one sentence what did not."""
import time

LOOK_EVERY = 0.005


class Failed(Exception):
    """What was promised did not happen; the sentence says what."""


def until(condition, what, within):
    """Waits until `condition()` is true and returns what it returned."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"not within {within:g} s: {what}")
        time.sleep(LOOK_EVERY)


def expect(condition, what):
    """Fails unless the condition holds now."""
    if not condition:
        raise Failed(f"expected: {what}")
