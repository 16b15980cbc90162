#!/usr/bin/env python3
"""What fifty services with a check each second cost one daemon.

    Benchmarks/health.py DISCOVERYD [SECONDS]      default: 30 for each kind of check

Starts a private etcd, a small server, and for each kind of check a daemon that registers 50 services with one
such check each, interval 1 s. When all are registered its CPU time (its own, and that of the programs that
exec checks start) is taken over the time, and its memory at the end.
"""
import http.server
import os
import shutil
import socketserver
import sys
import tempfile
import threading
import time

import listfile
from etcd import Etcd
from programs import Discoveryd

SERVICES = 50


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


def children_seconds(process):
    """CPU seconds of the programs that it has started and waited for; see proc(5)."""
    with open(f"/proc/{process.child.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")


def services(check):
    return "".join(f'[[service]]\nname = "s{number}"\nid = "one"\nport = 80\naddress = "10.0.0.1"\n'
                   + (f'check = [{{ {check}, interval = "1s" }}]\n' if check else "")
                   for number in range(SERVICES))


def listed(path):
    """How many endpoints the list has."""
    if not os.path.exists(path):
        return 0
    with open(path) as file:
        return listfile.count(file.read())


def measure(binary, etcd, directory, check, seconds):
    with Discoveryd(binary, directory, services=services(check)) as program, program.watch() as lists:
        process = program.start(etcd)
        try:
            if not lists.until(lambda: listed(program.path) == SERVICES, 60, process):
                raise SystemExit("not all were registered")
            time.sleep(2)
            before, began = (process.cpu_seconds(), children_seconds(process)), time.monotonic()
            time.sleep(seconds)
            after, passed = (process.cpu_seconds(), children_seconds(process)), time.monotonic() - began
            own, children = ((a - b) / passed * 100 for a, b in zip(after, before))
            return own, children, process.resident()
        finally:
            process.stop()


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30
    directory = tempfile.mkdtemp(prefix="discoveryd-bench-")
    server = Server(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    etcd = Etcd(directory)
    try:
        print(f"{SERVICES} services, % of one core: {'own':>12} {'programs':>12} {'RSS MB':>12}")
        for name, check in [("no checks", ""), ("tcp", f'tcp = "{address}"'),
                            ("http", f'http = "http://{address}/"'), ("exec", 'exec = ["/bin/true"]')]:
            own, children, resident = measure(sys.argv[1], etcd, directory, check, seconds)
            print(f"{name:>32} {own:>12.1f} {children:>12.1f} {resident:>12.0f}", flush=True)
    finally:
        etcd.end()
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
