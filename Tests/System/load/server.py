#!/usr/bin/env python3
"""An HTTP server that answers with its own address: server.py ADDRESS:PORT

Also for a Prometheus: the answer is a metric. A request without Connection: close leaves the connection open.
"""

import asyncio
import sys


async def main(place):
    host, port = place.rsplit(":", 1)
    body = f'served{{by="{place}"}} 1\n'.encode()

    async def answer(reader, writer):
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

    server = await asyncio.start_server(answer, host, int(port))
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
