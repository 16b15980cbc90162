#!/usr/bin/env python3
"""Servers for a proxy, and a load that counts what its users would see.

    traffic.py serve PORT...    answers every request at these ports of 127.0.0.1
    traffic.py load URL         asks until SIGTERM, then prints what happened as JSON

A request failed when it had no answer or another than 200. A kept connection that the proxy closed
before the next request got one byte of answer is not a failure: HTTP lets it, and every client asks again
over a new one (RFC 9110, 9.2.2). These are counted as "asked_again"; when that fails too, it failed.
"""
import asyncio
import collections
import http.client
import json
import signal
import sys
import threading
import time
import urllib.parse

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nweb 1\n"
KEEPING, FRESH = 4, 2
PAUSE = 0.002


async def answer(reader, writer):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def serve(ports):
    for port in ports:
        await asyncio.start_server(answer, "127.0.0.1", port)
    await asyncio.Event().wait()


class Client(threading.Thread):
    """One user. Keeps a connection for all requests, or makes a new one for each."""

    def __init__(self, url, keeps, end):
        super().__init__()
        self.url, self.keeps, self.end = urllib.parse.urlsplit(url), keeps, end
        self.connection, self.is_used = None, False
        self.counts = collections.Counter()
        self.faults = collections.Counter()

    def run(self):
        while not self.end.is_set():
            self.counts["requests"] += 1
            try:
                self.ask()
            except (OSError, http.client.HTTPException) as error:
                self.fault(f"{type(error).__name__}: {error}")
            time.sleep(PAUSE)

    def ask(self):
        was_used = self.is_used
        try:
            self.ask_once()
        except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
            self.drop()
            if not was_used:
                raise
            self.counts["asked_again"] += 1
            self.ask_once()

    def ask_once(self):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=10)
        self.connection.request("GET", self.url.path or "/")
        answer = self.connection.getresponse()
        answer.read()
        self.is_used = True
        if answer.status != 200:
            self.fault(str(answer.status))
        if answer.will_close or not self.keeps:
            self.drop()

    def drop(self):
        if self.connection:
            self.connection.close()
        self.connection, self.is_used = None, False

    def fault(self, what):
        self.counts["failed"] += 1
        self.faults[what] += 1
        self.drop()


def load(url):
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    clients = [Client(url, index < KEEPING, end) for index in range(KEEPING + FRESH)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    counts = sum((client.counts for client in clients), collections.Counter())
    faults = sum((client.faults for client in clients), collections.Counter())
    print(json.dumps({key: counts[key] for key in ("requests", "failed", "asked_again")}
                     | {"faults": faults}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve([int(port) for port in sys.argv[2:]]))
    elif sys.argv[1:2] == ["load"] and len(sys.argv) == 3:
        load(sys.argv[2])
    else:
        sys.exit(__doc__)
