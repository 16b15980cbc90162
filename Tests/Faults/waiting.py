"""Waiting for something to happen, with a deadline; and saying in one sentence what did not."""
import os
import signal
import threading
import time

LOOK_EVERY = 0.005


class Stalls(threading.Thread):
    """Adds up the time in which nobody let us run: of others' work on the machine, not of the daemon."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seconds = 0.0
        self.start()

    def run(self):
        last = time.monotonic()
        while True:
            time.sleep(0.02)
            now = time.monotonic()
            # What one core's turn takes is no stall.
            self.seconds += max(0, now - last - 0.2)
            last = now


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


def stop_process(process):
    """Stops a process with SIGSTOP, and waits until the last of its threads stands still."""
    process.send_signal(signal.SIGSTOP)

    def stands():
        for thread in os.listdir(f"/proc/{process.pid}/task"):
            try:
                with open(f"/proc/{process.pid}/task/{thread}/stat") as file:
                    if file.read().rpartition(")")[2].split()[0] != "T":
                        return False
            except FileNotFoundError:
                return False  # it has just ended
        return True
    until(stands, f"process {process.pid} stands still", 5)
