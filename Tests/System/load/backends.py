#!/usr/bin/env python3
"""HTTP servers that answer with their own address, one for each ADDRESS:PORT.

    backends.py ADDRESS:PORT...

Also for a Prometheus: the answer is a metric. A request without Connection: close leaves the connection open.
"""

import asyncio
import sys


async def serve(place):
    host, port = place.rsplit(":", 1)

    async def answer(reader, writer):
        body = f'served{{by="{place}"}} 1\n'.encode()
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                last = b"connection: close" in head.lower() or b" HTTP/1.0\r\n" in head
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
                )
                await writer.drain()
                if last:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    return await asyncio.start_server(answer, host, int(port))


async def main():
    servers = [await serve(place) for place in sys.argv[1:]]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
