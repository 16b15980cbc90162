#!/usr/bin/env python3
"""The fault suite: a three-member etcd, the real discoveryd, and every fault we know of.

    Tests/Faults/run.py BINARY [SCENARIO...]
    Tests/Faults/run.py --list
    Tests/Faults/run.py --write-table BINARY      also puts the table into docs/RELIABILITY.md

Each scenario runs in namespaces of its own (root needed), beside a program that reads the lists all
the time and validates what it reads. It fails when any read was torn or wrong, or when it took longer
than its bound until all was right again. Exits with 1 when any failed.
"""
import argparse
import os
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import box
import report
import scenarios_endpoints  # each adds its scenarios, in this order
import scenarios_watching
import scenarios_proxying
import scenarios_overloading
import scenarios_registering
import scenarios_crashing
import scenarios_restarting
import scenarios_files
import scenarios_securing
from scenario import SCENARIOS


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--etcd", default="/usr/bin", metavar="DIRECTORY",
                        help="where etcd and etcdctl are (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=3, help="boxes at a time (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="name the scenarios and their promises")
    parser.add_argument("--write-table", action="store_true", help="write docs/RELIABILITY.md")
    parser.add_argument("--inside", metavar="DIRECTORY", help=argparse.SUPPRESS)
    parser.add_argument("binary", nargs="?")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    return parser.parse_args()


def main():
    options = arguments()
    if options.list:
        for scenario in SCENARIOS.values():
            print(f"{scenario.name}: {scenario.promise}")
        return 0
    unknown = set(options.scenarios) - set(SCENARIOS)
    if not options.binary or unknown:
        print(f"no such scenario: {', '.join(unknown)}" if unknown else __doc__, file=sys.stderr)
        return 64
    if options.inside:
        box.run_inside(options.scenarios[0], options.inside, options.binary, options.etcd)
        return 0
    if os.geteuid() != 0:
        print("root is needed, for namespaces and mounts", file=sys.stderr)
        return 77
    return run_all(options)


def run_all(options):
    chosen = [SCENARIOS[name] for name in options.scenarios or SCENARIOS]
    with tempfile.TemporaryDirectory(prefix="discoveryd-faults-") as directory:
        # A copy: the binary may be built anew meanwhile.
        binary = shutil.copy2(options.binary, directory)
        boxes = box.Boxes(binary, os.path.abspath(options.etcd))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        results = []
        with ThreadPoolExecutor(options.jobs) as pool:
            futures = [(scenario, pool.submit(boxes.run, scenario.name)) for scenario in chosen]
            try:
                for scenario, future in futures:
                    results.append((scenario, future.result()))
                    print(report.line(*results[-1]), flush=True)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                boxes.end()
    failed = sum(bool(report.faults(*result)) for result in results)
    table = report.table(results, options.etcd)
    print(table)
    print(f"{len(results) - failed} passed, {failed} failed")
    if options.write_table:
        report.write(table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
