#!/usr/bin/env python3
"""From a put in etcd to the renamed file: how long, and what it costs; beside a program on Go's clientv3.

    Benchmarks/propagation.py [--write-table] DISCOVERYD [ENDPOINTS...]      default: 10 1000 10000 100000

Builds the Go program (Benchmarks/peer; golang-go and golang-etcd-server-dev of Debian), starts a private
etcd and fills in so many endpoints in services of 50, as discoveryd writes them. Then discoveryd and the Go
program take turns, in the order A B B A: each is started, lists all, and is given CHANGES puts, one after the
other, each waited for until inotify tells that a file with the put's revision is in place. Only one of them
runs at a time. What the list of one says after its turn, the next one has to say at its start, byte for byte.

Prints, for each: the first list after the start, put to file (median, 99th percentile), CPU time of the
process per change, and its resident memory; the medians of all turns, and their ratios. With --write-table the
table also goes into docs/BENCHMARKS.md.
"""
import os
import shutil
import signal
import sys
import tempfile

import table
from etcd import Etcd
from programs import Discoveryd, Peer

TURNS, CHANGES = 6, 40
SIZES = [10, 1_000, 10_000, 100_000]


def measure(binary, count):
    """Lets the programs take turns and returns them, with what was measured of each."""
    directory = tempfile.mkdtemp(prefix="discoveryd-bench-")
    etcd, programs = None, []
    try:
        etcd = Etcd(directory)
        etcd.fill(count)
        programs = [Discoveryd(binary, directory), Peer(directory)]
        before = None
        for number in range(TURNS):
            for program in programs if number % 2 == 0 else reversed(programs):
                first, last = program.turn(etcd, number, CHANGES)
                if before not in (None, first):
                    raise SystemExit(f"{program.name} lists something else than the one before it:\n"
                                     f"{table.difference(before, first)}")
                before = last
        return programs
    finally:
        for program in programs:
            program.end()
        if etcd:
            etcd.end()
        shutil.rmtree(directory)


def main():
    arguments = sys.argv[1:]
    writes = "--write-table" in arguments
    if writes:
        arguments.remove("--write-table")
    if not arguments:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary, sizes = os.path.abspath(arguments[0]), [int(size) for size in arguments[1:]] or SIZES
    print(table.TITLES, flush=True)
    lines = [table.TITLES]
    for size in sizes:
        lines.append(table.rows(size, measure(binary, size)))
        print(lines[-1], flush=True)
    print("load average", *os.getloadavg())
    if writes:
        table.write("\n".join(lines))


if __name__ == "__main__":
    main()
