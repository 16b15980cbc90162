#!/usr/bin/env python3
"""Has endpoints of "web" come and go in etcd, COUNT times, ten a second; the first two servers always stay.

    changes.py COUNT SEED ADDRESS:PORT...

Prints a line for each server at the end: its address, and when it left, in seconds of the epoch, if it is
not there.
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
    left = {}
    for _ in range(int(count)):
        place = chance.choice(places[2:])
        key = text(f"services/web/w{places.index(place) + 1}")
        if place not in left:
            ask("deleterange", key=key)
            left[place] = time.time()
        else:
            ask("put", key=key, value=text(place))
            del left[place]
        time.sleep(0.1)
    for place in places:
        print(place, left.get(place, ""))


main(*sys.argv[1:])
