#!/usr/bin/env python3
"""Puts keys at a rate, whatever the one who started it is busy with.

    flood.py ADDRESS RATE < PAIRS

ADDRESS is a member's, RATE how many a second, PAIRS a JSON array of [key, value]. They are put in this
order, each by itself, over a few connections that stay open. Prints how many seconds it took.
"""
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

from member import encode

CONNECTIONS = 4


class Flood:
    """The program, while it runs beside a scenario; a context that ends with it."""

    def __init__(self, member, rate, pairs):
        self._process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), member.address, str(rate)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._process.stdin.write(json.dumps(pairs))
        self._process.stdin.close()

    @property
    def runs(self):
        return self._process.poll() is None

    def took(self):
        """Waits for its end, and returns how many seconds it took."""
        seconds = self._process.stdout.read()
        if self._process.wait() != 0:
            raise RuntimeError("the flood ended before its end")
        return float(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()


def main():
    address, rate = urlsplit(sys.argv[1]).netloc, float(sys.argv[2])
    pairs = enumerate(json.load(sys.stdin))
    lock, began, failed = threading.Lock(), time.monotonic(), []

    def put():
        connection = http.client.HTTPConnection(address, timeout=10)
        while not failed:
            with lock:
                number, (key, value) = next(pairs, (None, (None, None)))
            if number is None:
                return
            time.sleep(max(0, began + number / rate - time.monotonic()))  # this is the rate
            connection.request(
                "POST", "/v3/kv/put", json.dumps({"key": encode(key), "value": encode(value)}))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                failed.append(text)

    threads = [threading.Thread(target=put) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.monotonic() - began)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
