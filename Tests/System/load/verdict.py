#!/usr/bin/env python3
"""Says what a client counted, and ends with 1 when it is not what was promised.

    verdict.py COUNTS RELOADS ALLOWED PATIENCE < SERVERS

SERVERS are the lines that changes.py printed; PATIENCE is for how long servers may be asked that have left.
"""

import json
import sys


def main(path, reloads, allowed, patience):
    with open(path) as file:
        counts = json.load(file)
    left = [line.split() for line in sys.stdin]
    lag = max(0, *(counts["last"].get(server, 0) - float(when[0]) for server, *when in left if when))
    failed = sum(counts["failed"].values())
    print(
        f"{counts['requests']} requests in {counts['seconds']} s, {failed} failed, "
        f"{counts['retried']} sent again on a new connection; {reloads} reloads of {allowed} allowed; "
        f"servers that left were asked for {lag:.1f} s"
    )
    promises = {
        f"no request to fail: {counts['failed']}": failed == 0,
        "each server to have been asked": len(counts["by"]) == len(left),
        "no more reloads than the interval allows": int(reloads) <= int(allowed),
        f"nobody to be asked {patience} s after leaving": lag <= float(patience),
    }
    broken = [promise for promise, is_kept in promises.items() if not is_kept]
    print("".join(f"    expected: {promise}\n" for promise in broken), end="")
    return 1 if broken else 0


sys.exit(main(*sys.argv[1:]))
