#!/usr/bin/env python3
"""Asks a proxy for as long as it lives, and counts what became of each request. Ends with SIGTERM.

    client.py ADDRESS:PORT COUNTS

Half of its connections are kept and used again, half are for one request each; about 400 requests a second
in all. COUNTS is replaced at the end, and says as JSON:

    requests   how many were asked and answered or not
    failed     how many got no answer of status 200, by what went wrong
    retried    how many met a kept connection that the proxy had closed meanwhile, before any byte of an
               answer, and were answered on a new one. RFC 9112, 9.3.1 lets clients do that by themselves.
    by         how many each server answered
    last       when each server answered last, in seconds of the epoch
"""

import asyncio
import collections
import json
import os
import random
import signal
import sys
import time

CONNECTIONS = 16
PAUSE = 0.04
PATIENCE = 5


class Closed(Exception):
    """The connection ended before any byte of an answer."""


class Connection:
    def __init__(self, place):
        self.place = place
        self.reader = self.writer = None

    async def ask(self, keep):
        if self.writer is None:
            host, port = self.place.rsplit(":", 1)
            self.reader, self.writer = await asyncio.open_connection(host, int(port))
        try:
            self.writer.write(
                b"GET / HTTP/1.1\r\nHost: web\r\n" + (b"" if keep else b"Connection: close\r\n") + b"\r\n"
            )
            first = await self.reader.read(1)
        except ConnectionError as error:
            raise Closed(str(error)) from error
        if not first:
            raise Closed("end of file")
        head = (first + await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.split("content-length:")[1].split("\r\n")[0])
        body = await self.reader.readexactly(size)
        if not keep or "connection: close" in head:
            self.close()
        return int(head.split()[1]), body.decode()

    @property
    def is_open(self):
        return self.writer is not None and not self.reader.at_eof()

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def requests(connection, keep, counts, ended):
    while not ended.is_set():
        await asyncio.sleep(random.uniform(0, 2 * PAUSE))
        counts["requests"] += 1
        if not connection.is_open:
            connection.close()
        used = connection.is_open
        try:
            await one(connection, keep, counts)
        except Closed as closed:
            connection.close()
            if not used:
                fail(counts, f"closed: {closed}")
                continue
            counts["retried"] += 1
            try:
                await one(connection, keep, counts)
            except Exception as error:
                connection.close()
                fail(counts, f"retry: {error!r}")
        except Exception as error:
            connection.close()
            fail(counts, repr(error))


async def one(connection, keep, counts):
    status, body = await asyncio.wait_for(connection.ask(keep), PATIENCE)
    if status == 200:
        server = body.split('"')[1]
        counts["by"][server] += 1
        counts["last"][server] = time.time()
    else:
        fail(counts, f"status {status}")


def fail(counts, what):
    counts["failed"][what] += 1
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


async def main(place, path):
    counts = {
        "requests": 0, "retried": 0, "last": {},
        "failed": collections.Counter(), "by": collections.Counter(),
    }
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    began = time.monotonic()
    await asyncio.gather(
        *(requests(Connection(place), number % 2 == 0, counts, ended) for number in range(CONNECTIONS))
    )
    counts["seconds"] = round(time.monotonic() - began, 1)
    with open(f"{path}.new", "w") as file:
        json.dump(counts, file)
    os.rename(f"{path}.new", path)


asyncio.run(main(*sys.argv[1:]))
