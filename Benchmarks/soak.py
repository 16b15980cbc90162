#!/usr/bin/env python3
"""Whether discoveryd's memory stays flat: half an hour at 200 changes a second over 10,000 endpoints.

    Benchmarks/soak.py [--seconds N] [--rate N] DISCOVERYD

Samples the memory every 10 seconds. The slope is that of the line that fits the samples best in the second half of
the time; it is called flat when it adds less than 5 % of the memory over the whole run. In the first half the daemon
compares its list with etcd for the first time (after 5 to 15 minutes), and takes memory for it that it keeps: 10,000
keys that all have changed, on both sides, are 2.5 to 3 MiB. The memory at the start, at half time and at the end is printed, so that what
the rule leaves out is seen too. Exits with 1 when it is not flat, or when the list is not what etcd has at the end.
"""
import argparse
import contextlib
import os
import signal
import statistics
import sys
import time

import lag
import listfile
from cgroup import open_group
from load import Endpoints
from samples import Samples
from setting import Setting
from turn import started

ENDPOINTS = Endpoints(10_000, services=100)
SHARE = 0.05
LIMIT = 512 << 20
CATCH_UP = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", metavar="DISCOVERYD")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--rate", type=float, default=200)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    setting = Setting(options.binary)
    with setting.etcd(ENDPOINTS) as (directory, etcd, load), setting.programs(directory) as (program, _), \
            contextlib.closing(open_group(LIMIT)) as group, started(program, etcd, ENDPOINTS.count, group) as turn:
        soak(options, setting, etcd, load, group, turn)


def soak(options, setting, etcd, load, group, turn):
    running = load.start(ENDPOINTS, options.rate, options.seconds, seed=2)
    try:
        with Samples(lambda: turn.process, group, every=min(10.0, options.seconds / 20)) as samples:
            printed = 0
            while running.is_running() and turn.process.is_alive():
                time.sleep(1)
                for sample in samples.all[printed:]:
                    print(f"{sample.at:6.0f} s  RSS {sample.resident:6.1f} MiB  group {sample.group:6.1f} MiB",
                          flush=True)
                printed = len(samples.all)
            if not turn.process.is_alive():
                raise SystemExit(f"it ended after {samples.all[-1].at:.0f} s; its log ends:\n{turn.end_of_log()}")
            puts = running.finish()
    finally:
        running.end()
    samples.keep(os.path.join(setting.series, "memory-soak.csv"))
    turn.replacements.until_revision(puts[-1].revision, CATCH_UP, turn.process)
    listfile.compare_with_etcd(turn.program.path, etcd)
    lags = lag.after_answer(puts, turn.replacements.all)
    print(f"{len(puts)} puts; lag p50 {lag.percentile(lags, 0.5) * 1000:.0f} ms, "
          f"p99 {lag.percentile(lags, 0.99) * 1000:.0f} ms, max {max(lags) * 1000:.0f} ms")
    settled = [sample for sample in samples.all if sample.at >= options.seconds / 2]
    slope = statistics.linear_regression([one.at for one in settled], [one.resident for one in settled]).slope
    grown = slope * options.seconds / statistics.mean(one.resident for one in settled)
    print("RSS at the start, at half time, at the end: " + ", ".join(
        f"{one.resident:.1f} MiB" for one in (samples.all[0], settled[0], settled[-1])))
    print(f"slope {slope * 3600:+.1f} MiB an hour, {grown:+.1%} over the run: "
          + ("flat" if grown < SHARE else "NOT flat"))
    if grown >= SHARE:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
