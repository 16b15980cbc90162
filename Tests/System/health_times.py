#!/usr/bin/env python3
"""From an event of nginx to another host's file: how long. Run inside the box, see scenarios/health.sh.

    health_times.py LIST ROUNDS

Prints a row for each event: the median and the longest of the rounds, in seconds.
"""
import json
import statistics
import subprocess
import sys
import time

PATIENCE = 20
CONFIGURATION = "/etc/nginx/nginx.conf"
FINE = """pid /run/nginx.pid;
events {}
http { access_log off; server { listen 127.0.0.1:8000; location / { return %d "hello\\n"; } } }
"""


def systemctl(*words):
    subprocess.run(["systemctl", *words], check=True)


def answers(status):
    with open(CONFIGURATION, "w") as file:
        file.write(FINE % status)


def answers_with(status):
    answers(status)
    systemctl("reload", "nginx")


EVENTS = [
    ("stopped (`systemctl stop`)", lambda: systemctl("stop", "--no-block", "nginx"), False),
    ("started", lambda: systemctl("start", "--no-block", "nginx"), True),
    ("crashed (SIGKILL)", lambda: systemctl("kill", "-s", "KILL", "nginx"), False),
    ("started after the crash", lambda: systemctl("start", "--no-block", "nginx"), True),
    ("hanging (SIGSTOP)", lambda: systemctl("kill", "-s", "STOP", "nginx"), False),
    ("going on (SIGCONT)", lambda: systemctl("kill", "-s", "CONT", "nginx"), True),
    ("answering 500", lambda: answers_with(500), False),
    ("answering 200 again", lambda: answers_with(200), True),
]


def is_listed(path):
    with open(path) as file:
        return "web" in json.load(file)["services"]


def seconds_until(path, wanted):
    began = time.monotonic()
    while is_listed(path) != wanted:
        if time.monotonic() > began + PATIENCE:
            raise SystemExit(f"web is{'' if wanted else ' still'} not {'' if wanted else 'un'}listed")
        time.sleep(0.002)
    return time.monotonic() - began


def main():
    path, rounds = sys.argv[1], int(sys.argv[2])
    times = {name: [] for name, _, _ in EVENTS}
    for _ in range(rounds):
        answers(200)
        systemctl("restart", "nginx")
        # Afresh, so that what came and went in the round before is no flapping.
        systemctl("restart", "discoveryd")
        seconds_until(path, True)
        for name, act, wanted in EVENTS:
            began = time.monotonic()
            act()
            seconds_until(path, wanted)
            times[name].append(time.monotonic() - began)
            # From the middle of the checks' second, not always from its beginning.
            time.sleep(0.37)
    for name, seconds in times.items():
        print(f"| {name} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |")


main()
