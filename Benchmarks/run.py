#!/usr/bin/env python3
"""discoveryd beside a Go program that does the same job, at one etcd, in one run.

    Benchmarks/run.py [--only PART] [--quick] [--seconds N] [--write-table] DISCOVERYD

Builds the Go programs (Benchmarks/peer, Benchmarks/load), starts private instances of etcd on loopback, and
prints a table for each part. Only one of the two programs runs at a time. --quick shows in about a minute that
everything works; its numbers mean nothing. --write-table puts each table into docs/BENCHMARKS.md.
"""
import argparse
import os
import platform
import signal
import sys
import time

import churn
import coldstart
import haproxy
import hostile
import idle
import large
import page
import propagation
from setting import Setting

PARTS = {"propagation": propagation, "coldstart": coldstart, "churn": churn, "large": large,
         "hostile": hostile, "idle": idle, "haproxy": haproxy}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", metavar="DISCOVERYD")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--seconds", type=float, help="how long each load takes")
    parser.add_argument("--write-table", action="store_true", help="write docs/BENCHMARKS.md")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    setting = Setting(options.binary, options.quick, options.seconds)
    for name in options.only or PARTS:
        began = time.monotonic()
        text = PARTS[name].measure(setting)
        print(f"\n{name} ({time.monotonic() - began:.0f} s)\n\n{text}", flush=True)
        if options.write_table:
            page.write(name, text)
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}; load average at the end " + " ".join(
        f"{load:.1f}" for load in os.getloadavg())
    print(f"\n{machine}")
    if options.write_table:
        page.write("machine", machine)


if __name__ == "__main__":
    main()
