#!/usr/bin/env python3
"""What another host's file says of an endpoint while a unit is stopped.

    sightings.py FILE WORD UNIT COMMAND...

Runs COMMAND and looks at FILE each millisecond. Prints a line each time the first line with WORD in it, or
whether there is one, has changed: the milliseconds since the command began, whether the unit's main process
was alive then, and the line. Ends when the command has and nothing has changed for half a second.
"""
import os, select, subprocess, sys, time

path, word, unit, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
main = subprocess.run(["systemctl", "show", "-P", "MainPID", unit], capture_output=True, text=True)
process = os.pidfd_open(int(main.stdout))


def alive():
    return not select.select([process], [], [], 0)[0]


def line():
    with open(path) as file:
        return next((text.strip() for text in file if word in text), "gone")


before, changed = line(), time.monotonic()
began, running = changed, subprocess.Popen(command)
print(0, "alive" if alive() else "dead", before)
while time.monotonic() - changed < 0.5:
    if running.poll() is None:
        changed = time.monotonic()
    now = line()
    lives = alive()  # Asked afterwards: it was so still when the line was there.
    if now != before:
        before, changed = now, time.monotonic()
        print(round((changed - began) * 1000), "alive" if lives else "dead", now)
    time.sleep(0.001)
