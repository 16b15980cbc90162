#!/usr/bin/env python3
"""What happens to nginx.service, and how long until another host's file says so. Prints a table; ends with 1
when one took longer than it may.

    health_times.py FILE ROUNDS

FILE is the other host's list, and this host's service in it is web-1, with a unit check and an http check of
interval = "1s", timeout = "1s", rise = 2, fall = 2. /etc/nginx/answer.conf is what nginx answers with.
"""
import json, statistics, subprocess, sys, time

path, rounds = sys.argv[1], int(sys.argv[2])


def is_there():
    with open(path) as file:
        return any(one["id"] == "web-1" for one in json.load(file)["services"].get("web", []))


def until(there):
    began = time.monotonic()
    while is_there() != there:
        if time.monotonic() - began > 20:
            raise SystemExit(f"not in time: web-1 {'to come' if there else 'to go'}")
        time.sleep(0.001)


def systemctl(*words):
    subprocess.run(["systemctl", *words], check=True)


def answer(status):
    with open("/etc/nginx/answer.conf", "w") as file:
        file.write(f"return {status};\n")
    systemctl("reload", "nginx")


# Two runs see it at the latest 2.2 s after it began, with the jitter; a hanging one is waited for, 1 s each.
EVENTS = [
    ("`systemctl stop nginx`", lambda: systemctl("stop", "--no-block", "nginx"), False, 3),
    ("started again", lambda: systemctl("start", "nginx"), True, 4),
    ("crashed: SIGKILL to all of it", lambda: systemctl("kill", "-s", "KILL", "nginx"), False, 3),
    ("started again", lambda: systemctl("start", "nginx"), True, 4),
    ("hangs: SIGSTOP to all of it", lambda: systemctl("kill", "-s", "STOP", "nginx"), False, 5),
    ("goes on: SIGCONT", lambda: systemctl("kill", "-s", "CONT", "nginx"), True, 4),
    ("answers 500", lambda: answer(500), False, 4),
    ("answers 200 again", lambda: answer(200), True, 4),
]
times = [[] for _ in EVENTS]
for _ in range(rounds):
    # A run of its own, or so many changes would be damped. No other host sees it.
    systemctl("restart", "discoveryd")
    until(True)
    for index, (what, event, comes, _) in enumerate(EVENTS):
        began = time.monotonic()
        event()
        until(comes)
        times[index].append(time.monotonic() - began)
        # Long enough for both checks to have seen what is.
        time.sleep(0.5 if comes else 2.4)

print("| nginx | on another host | median | longest |\n| --- | --- | --- | --- |")
late = False
for (what, _, comes, limit), took in zip(EVENTS, times):
    print(f"| {what} | {'listed' if comes else 'gone'} | {statistics.median(took):.2f} s | {max(took):.2f} s |")
    late = late or max(took) > limit
sys.exit(late)
