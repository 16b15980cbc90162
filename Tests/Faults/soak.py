#!/usr/bin/env python3
"""The long run: random kills and stops of members and daemons, and peace in between.

    Tests/Faults/soak.py BINARY [--minutes 30] [--seed N] [--tls] [--etcd DIRECTORY]

Three members, four daemons, a reader for each list. A round is some 40 s of trouble, then peace: within
a minute of peace every list must equal what etcd holds, every service among it. No read may ever be torn
or wrong. Memory and open descriptors of each daemon are sampled at the end of every peace;
after a warm-up they must not grow. Exits with 1 when any of that fails. The seed decides what happens.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import box
import network
from member import Refused
from waiting import Failed, until
from world import World

TROUBLE, CALM_WITHIN = 40, 60
DAEMONS = 4
# What a run may grow by in an hour, by the line of least squares through its samples.
GROWTH = {"memory": 4096, "descriptors": 4}
UNIT = {"memory": "KiB", "descriptors": "descriptors"}


class Settings:
    """As of a scenario."""
    bound, members, etcd_options = CALM_WITHIN / 3, 3, ()

    def __init__(self, tls):
        self.tls = tls


class Samples:
    """Memory (KiB, resident) and open descriptors of one process over time."""

    def __init__(self, pid):
        self.pid = pid
        self.taken = []

    def take(self):
        with open(f"/proc/{self.pid}/status") as file:
            memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        descriptors = len(os.listdir(f"/proc/{self.pid}/fd"))
        self.taken.append({"at": time.monotonic(), "memory": memory, "descriptors": descriptors})

    def growth(self, what):
        """How much more an hour, after the first third; None with too few samples to tell."""
        settled = self.taken[len(self.taken) // 3:]
        if len(settled) < 5:
            return None
        times = [sample["at"] / 3600 for sample in settled]
        values = [sample[what] for sample in settled]
        mean_time, mean_value = sum(times) / len(times), sum(values) / len(values)
        return (sum((t - mean_time) * (v - mean_value) for t, v in zip(times, values))
                / sum((t - mean_time) ** 2 for t in times))


class Soak:
    def __init__(self, options, directory):
        self.drawn = random.Random(options.seed)
        self.world = World(Settings(options.tls), directory, options.binary, options.etcd)
        self.ends = time.monotonic() + options.minutes * 60
        self.rounds = self.faults = self.changes = 0
        self.slowest = 0.0
        self.samples = {}
        self.stopped = set()
        self.number = 0

    def run(self):
        world = self.world
        world.cluster.patience = 1
        world.cluster.start()
        for number in range(DAEMONS):
            # Two of them live as long as the run: theirs is the memory that is looked at.
            services = {f"web/w{number}": f"10.0.0.{number}:80", f"db/d{number}": f"10.0.0.{number}:5432"}
            daemon = world.start(f"d{number}", services, ttl=5, hold=5, keeps_state=number % 2 == 0,
                                 etcd=world.certificate(f"d{number}"))
            self.samples.setdefault(daemon.name, Samples(daemon.process.pid))
        while time.monotonic() < self.ends:
            self.trouble()
            self.peace()

    # ---- trouble

    def trouble(self):
        ends = min(time.monotonic() + TROUBLE, self.ends)
        while time.monotonic() < ends:
            act = self.drawn.choice([
                self.kill_member, self.stop_member, self.lose_member, self.part_member,
                self.kill_daemon, self.stop_daemon, self.reload, self.revoke, self.delete, self.compact,
                self.mend, self.mend])
            self.faults += 1
            try:
                act()
                for _ in range(self.drawn.randrange(20)):
                    self.change()
            except (OSError, Refused):
                pass  # no etcd to be had just now, or what was to go is gone already
            # As long as a fault takes to be noticed, more or less.
            time.sleep(self.drawn.uniform(0.1, 3))

    def member(self):
        return self.drawn.choice(self.world.cluster.members)

    def kill_member(self):
        member = self.member()
        self.go_on(member)
        member.kill()

    def stop_member(self):
        member = self.member()
        if member.runs:
            member.stop()
            self.stopped.add(member)

    def lose_member(self):
        self.cut(self.member(), lambda host: host.vanish())

    def part_member(self):
        self.cut(self.member(), lambda host: host.part_from_peers())

    def cut(self, member, how):
        if not member.host.is_cut:
            how(member.host)

    def kill_daemon(self):
        # One of the second half; the first half lives for the whole run.
        daemon = self.drawn.choice(self.world.daemons[DAEMONS // 2:])
        daemon.kill()
        daemon.start()

    def stop_daemon(self):
        daemon = self.drawn.choice(self.world.daemons)
        daemon.stop()
        self.stopped.add(daemon)

    def reload(self):
        self.drawn.choice(self.world.daemons).send(signal.SIGHUP)

    def revoke(self):
        self.world.cluster.revoke(self.drawn.choice(self.world.cluster.leases() or [0]))

    def delete(self):
        keys = list(self.world.cluster.get("services/"))
        if keys:
            self.world.cluster.delete(self.drawn.choice(keys))

    def compact(self):
        self.world.cluster.compact()

    def change(self):
        """Another host's endpoint comes, changes or goes."""
        key = f"cache/c{self.drawn.randrange(50)}"
        self.changes += 1
        if self.drawn.random() < 0.3:
            self.world.delete(key)
        else:
            self.number += 1
            address = f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"
            self.world.put(key, f"{address}:6379")

    def go_on(self, process):
        if process in self.stopped:
            process.go_on()
            self.stopped.discard(process)

    def mend(self):
        """Everything that was broken is made whole."""
        for process in list(self.stopped):
            self.go_on(process)
        for member in self.world.cluster.members:
            if member.host.is_cut:
                member.host.come_back()
        self.world.cluster.start()

    # ---- peace

    def peace(self):
        began = time.monotonic()
        self.mend()
        until(lambda: all(member.answers() for member in self.world.cluster.members), "etcd serves", 60)
        self.world.until_right()
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        self.rounds += 1
        for daemon in self.world.daemons[:DAEMONS // 2]:
            self.samples[daemon.name].take()
        faults = [fault for daemon in self.world.daemons for fault in daemon.reader.faults]
        reads = sum(daemon.reader.reads for daemon in self.world.daemons)
        last = ", ".join(f"{name} {taken.taken[-1]['memory']} KiB and {taken.taken[-1]['descriptors']} "
                         "descriptors" for name, taken in self.samples.items() if taken.taken)
        print(f"round {self.rounds}: all right {took:.1f} s after the trouble; {reads} reads; {last}",
              flush=True)
        if faults:
            raise Failed(f"readers saw: {faults}")


def judge(soak):
    """What grew, as sentences."""
    grown = []
    for name, samples in soak.samples.items():
        for what, limit in GROWTH.items():
            growth = samples.growth(what)
            if growth is not None and growth > limit:
                grown.append(f"{name} grows by {growth:.0f} {UNIT[what]} an hour, at most {limit}")
    return grown


def summary(soak, options):
    seen = soak.world.finish()
    lines = [f"seed {options.seed}, {options.minutes:g} minutes: {soak.rounds} rounds, {soak.faults} faults, "
             f"{soak.changes} changes, {seen['reads']} reads, {seen['torn']} torn, {seen['wrong']} wrong; "
             f"all lists right at most {soak.slowest:.1f} s after the trouble"]
    for name, samples in soak.samples.items():
        if not samples.taken:
            continue
        first, last = samples.taken[0], samples.taken[-1]
        growth = samples.growth("memory")
        lines.append(
            f"{name}: {first['memory']} KiB and {first['descriptors']} descriptors at first, "
            f"{last['memory']} KiB and {last['descriptors']} at the end"
            + ("" if growth is None else f", {growth:+.0f} KiB an hour after the warm-up"))
    return "\n".join(lines)


def inside(options):
    """In the box: the run itself."""
    network.run("mount", "-t", "tmpfs", "tmpfs", options.inside)
    soak, failure = Soak(options, options.inside), None
    try:
        soak.run()
    except Failed as failed:
        failure = str(failed)
    failures = ([failure] if failure else []) + judge(soak)
    print(summary(soak, options))
    for sentence in failures:
        print(f"NOT OK: {sentence}")
    if failure:
        for daemon in soak.world.daemons:
            print(f"--- {daemon.name}, {daemon.status}\n{daemon.printed[-5000:]}")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--tls", action="store_true", help="etcd speaks TLS with its clients")
    parser.add_argument("--etcd", default="/usr/bin", metavar="DIRECTORY")
    parser.add_argument("--inside", metavar="DIRECTORY", help=argparse.SUPPRESS)
    parser.add_argument("binary")
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    if os.geteuid() != 0:
        print("root is needed, for namespaces and mounts", file=sys.stderr)
        return 77
    print(f"seed {options.seed}", flush=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="discoveryd-soak-") as directory:
        binary = shutil.copy2(options.binary, directory)
        work = os.path.join(directory, "work")
        os.mkdir(work)
        process = subprocess.Popen(
            [*box.COMMAND, __file__, "--inside", work, "--minutes", str(options.minutes), "--seed",
             str(options.seed), "--etcd", os.path.abspath(options.etcd), *(["--tls"] * options.tls), binary],
            stdin=subprocess.DEVNULL)
        try:
            return process.wait()
        finally:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
