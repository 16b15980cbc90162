"""Records as large as they may be, in a service that no output names, under a limit of memory.

A program that dies is started again a second later, as systemd would.
"""
import contextlib
import math
import os
import time

import lag
from cgroup import open_group
from load import Endpoints
from samples import Samples
from table import compared, memory, milliseconds, number, table

WEB = Endpoints(3, services=0, name="web")
RECORDS, SIZE = 4_500, 60_000
SECONDS = 70
LIMIT = 512 << 20
LONGEST_WAIT = 30
TITLES = ["records of 60 KB", "", "restarts", "killed for memory", "first file",
          "web's change in its file, p50", "max", "changes never seen", "peak RSS", "RSS at the end"]
KINDS = [number, number, milliseconds, milliseconds, milliseconds, number, memory, memory]


def measure(setting):
    count = setting.choose(RECORDS, 100)
    evil, found, said = Endpoints(count, services=0, name="evil", size=SIZE), [], "under a limit of 512 MiB"
    with setting.etcd(WEB, evil) as (directory, etcd, load), setting.programs(directory, only="web") as programs:
        for seed, program in enumerate(programs, start=2):
            with contextlib.closing(open_group(LIMIT)) as group, program.watch() as replacements:
                if not group.limits:
                    said = "without a limit: no memory control group could be made"
                keeper = Keeper(program, etcd, group)
                try:
                    found.append(one_turn(setting, keeper, load, replacements, seed))
                finally:
                    keeper.process.stop()
    return f"Run {said}.\n\n" + table(TITLES, compared(f"{count:,}", KINDS, *found))


class Keeper:
    """Keeps a program running."""

    def __init__(self, program, etcd, group):
        self.program, self.etcd, self.group = program, etcd, group
        self.process = program.start(etcd, group)
        self.restarts, self.peak, self.died = 0, 0.0, None

    def look_after(self):
        if self.process.is_alive():
            self.peak = max(self.peak, self.process.peak())
        elif self.died is None:
            self.died = time.monotonic()
        elif time.monotonic() > self.died + 1:
            self.process, self.died = self.program.start(self.etcd, self.group), None
            self.restarts += 1


def one_turn(setting, keeper, load, replacements, seed):
    began = time.monotonic()
    while not replacements.until(lambda: replacements.all, 0.05):
        keeper.look_after()
        if time.monotonic() > began + LONGEST_WAIT:
            break
    first = replacements.all[0].when - began if replacements.all else math.inf
    running = load.start(WEB, 1, setting.seconds(SECONDS), seed)
    try:
        with Samples(lambda: keeper.process, keeper.group) as samples:
            while running.is_running():
                time.sleep(0.05)
                keeper.look_after()
            puts = running.finish()
            deadline = time.monotonic() + LONGEST_WAIT
            while time.monotonic() < deadline and not replacements.until_revision(puts[-1].revision, 0.05):
                keeper.look_after()
        resident = keeper.process.resident()
    finally:
        running.end()
    samples.keep(os.path.join(setting.series, f"memory-hostile-{keeper.program.name}.csv"))
    lags = [max(0.0, one) for one in lag.after_answer(puts, replacements.all)]
    never = sum(one == math.inf for one in lags)
    return [keeper.restarts, keeper.group.kills(), first, lag.percentile(lags, 0.5), max(lags), never,
            keeper.peak, resident]
