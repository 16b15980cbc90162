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
import subprocess
import sys
import tempfile
import threading
import time

from etcd import Etcd

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


def ticks(pid):
    """CPU seconds: its own, and those of the children it has waited for."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    own, children = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
    return own / os.sysconf("SC_CLK_TCK"), children / os.sysconf("SC_CLK_TCK")


def memory(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


def measure(binary, etcd, directory, check, seconds):
    path = os.path.join(directory, "list.json")
    with open(os.path.join(directory, "conf"), "w") as file:
        file.write(f'[etcd]\nendpoints = ["{etcd.address}"]\n[[output]]\npath = "{path}"\n')
        for number in range(SERVICES):
            file.write(f'[[service]]\nname = "s{number}"\nid = "one"\nport = 80\naddress = "10.0.0.1"\n'
                       + (f'check = [{{ {check}, interval = "1s" }}]\n' if check else ""))
    daemon = subprocess.Popen(
        [binary, "run", "-c", f"{directory}/conf", "--status-file", f"{directory}/status.json",
         "--control-socket", f"{directory}/control.sock"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not os.path.exists(path) or open(path).read().count('"one"') < SERVICES:
            if time.monotonic() > deadline:
                raise SystemExit("not all were registered")
            time.sleep(0.1)
        time.sleep(2)
        before, began = ticks(daemon.pid), time.monotonic()
        time.sleep(seconds)
        after, passed = ticks(daemon.pid), time.monotonic() - began
        own, children = ((a - b) / passed * 100 for a, b in zip(after, before))
        return own, children, memory(daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait()
        os.unlink(path)


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
