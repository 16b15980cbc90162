#!/usr/bin/env python3
"""Has endpoints of "web" come and go in etcd, COUNT times, ten a second; the first two servers always stay.

    changes.py COUNT SEED ADDRESS:PORT...

Prints those that are there at the end, a line each. The servers go on while they are not in etcd, as one
that drains does.
"""

import base64
import json
import random
import sys
import time
import urllib.request

ETCD = "http://127.0.0.1:2379/v3/kv"


def ask(method, **members):
    request = urllib.request.Request(f"{ETCD}/{method}", json.dumps(members).encode())
    urllib.request.urlopen(request, timeout=5).read()


def text(value):
    return base64.b64encode(value.encode()).decode()


def main(count, seed, *places):
    chance = random.Random(int(seed))
    there = set(places)
    for number in range(int(count)):
        place = chance.choice(places[2:])
        key = text(f"services/web/w{places.index(place) + 1}")
        if place in there:
            ask("deleterange", key=key)
        else:
            ask("put", key=key, value=text(place))
        there ^= {place}
        time.sleep(0.1)
    print("\n".join(sorted(there)))


main(*sys.argv[1:])
