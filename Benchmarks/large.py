"""One large service that changes all the time, under a limit of memory."""
import contextlib
import math
import os
import time

import lag
import listfile
from cgroup import open_group
from load import Endpoints
from samples import Samples
from table import compared, cpu, memory, milliseconds, plain, table, text
from turn import NoList, SameList, started

#: Endpoints, and puts a second.
LOADS = [(10_000, 700), (50_000, 50), (100_000, 20), (100_000, 100)]
SECONDS = 60
CATCH_UP = 30
LIMIT = 512 << 20
TITLES = ["endpoints, puts a second", "", "alive", "RSS after the first list", "peak", "peak to first",
          "lag p50", "lag p99", "CPU"]
KINDS = [text, memory, memory, plain, milliseconds, milliseconds, cpu]


def measure(setting):
    rows, series, said = [], [], "under a limit of 512 MiB"
    for count, rate in setting.choose(LOADS, [(2_000, 100)]):
        endpoints, same, found = Endpoints(count, services=0, name="large"), SameList(), []
        with setting.etcd(endpoints) as (directory, etcd, load), setting.programs(directory) as programs:
            for seed, program in enumerate(programs, start=2):
                with contextlib.closing(open_group(LIMIT)) as group:
                    if not group.limits:
                        said = "without a limit: no memory control group could be made"
                    try:
                        work = endpoints, rate, seed
                        figures, samples = one_turn(setting, program, etcd, load, group, same, work)
                    except NoList:
                        found.append([f"{how_it_ended(group)} before its first list", *[math.nan] * 6])
                        continue
                found.append(figures)
                samples.keep(os.path.join(setting.series, f"memory-{count}-{rate}-{program.name}.csv"))
                series.append([f"{count:,}, {rate}", program.name, samples.compact()])
        rows += compared(f"{count:,}, {rate}", KINDS, *found)
    return (f"Run {said}.\n\n" + table(TITLES, rows) + "\n\nRSS over the time of the load, MiB:\n\n"
            + table(["endpoints, puts a second", "", "RSS"], series))


def how_it_ended(group):
    return "killed" if group.kills() else "died"


def one_turn(setting, program, etcd, load, group, same, work):
    """What was seen of a program, and its memory over time."""
    endpoints, rate, seed = work
    with started(program, etcd, endpoints.count, group) as turn:
        same.check(program.name, turn.first)
        time.sleep(2)
        first, before, began = turn.process.resident(), turn.process.cpu_seconds(), time.monotonic()
        died = None
        with Samples(lambda: turn.process, group) as samples:
            running = load.start(endpoints, rate, setting.seconds(SECONDS), seed)
            try:
                while running.is_running():
                    time.sleep(0.1)
                    turn.process.cpu_seconds()
                    if died is None and not turn.process.is_alive():
                        died = time.monotonic() - began
                puts = running.finish()
            finally:
                running.end()
            turn.replacements.until_revision(puts[-1].revision, CATCH_UP, turn.process)
        cost = turn.process.cpu_seconds() - before
        if turn.process.is_alive():
            listfile.compare_with_etcd(program.path, etcd)
            same.keep(program.name, turn.text())
        else:
            same.keep(program.name, None)
        lags = lag.after_answer(puts, turn.replacements.all)
        state = "yes"
        if died is not None:
            state = f"{how_it_ended(group)} after {died:.0f} s"
        peak = turn.process.peak()
        middle, worst = lag.percentile(lags, 0.5), lag.percentile(lags, 0.99)
        return [state, first, peak, peak / first, middle, worst, cost], samples
