#!/usr/bin/env python3
"""From a put in etcd to the renamed file: how long, and what it costs; beside a program on Go's clientv3.

    Benchmarks/propagation.py DISCOVERYD [ENDPOINTS...]      default: 10 1000 10000 100000

Builds the Go program (Benchmarks/peer; golang-go and golang-etcd-server-dev of Debian), starts a private
etcd and fills in so many endpoints in services of 50. Then discoveryd and the Go program take turns: each
is started, lists all, and is given CHANGES puts, one after the other, each waited for until inotify tells
that the file was replaced. Only one of them runs at a time. After each turn the file of the one must say
what the other's first one says.

Prints, for each: the first list after the start, put to file (median, 99th percentile), CPU time of the
process per change, and its resident memory; the medians of the turns, and their ratios.
"""
import base64
import ctypes
import http.client
import json
import os
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TURNS, CHANGES = 5, 40
IN_MOVED_TO = 0x80
HERE = os.path.dirname(os.path.abspath(__file__))
libc = ctypes.CDLL(None, use_errno=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def encode(text):
    return base64.b64encode(text.encode()).decode()


class Etcd:
    """A private etcd, asked through its HTTP gateway over a connection that stays open."""

    def __init__(self, directory):
        self.address = f"127.0.0.1:{free_port()}"
        client, peer = f"http://{self.address}", f"http://127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            ["etcd", "--name=bench", f"--data-dir={directory}/etcd", f"--listen-client-urls={client}",
             f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
             f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=bench={peer}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.connection = http.client.HTTPConnection(self.address)
                self.put("warm-up", "x")
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit("etcd did not start; is etcd-server installed?")
                time.sleep(0.05)

    def call(self, path, body):
        self.connection.request("POST", path, json.dumps(body))
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"etcd: {text!r}")

    def put(self, key, value):
        self.call("/v3/kv/put", {"key": encode(key), "value": encode(value)})

    def fill(self, count):
        puts = [{"requestPut": {
            "key": encode(f"services/s{n // 50}/i{n}"),
            "value": encode(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}:80")}} for n in range(count)]
        for start in range(0, count, 100):
            self.call("/v3/kv/txn", {"success": puts[start:start + 100]})

    def end(self):
        self.process.kill()
        self.process.wait()


class Program:
    """One of the two, run anew in each of its turns."""

    def __init__(self, name, directory):
        self.name, self.directory = name, os.path.join(directory, name)
        self.lists = os.path.join(self.directory, "lists")
        os.makedirs(self.lists)
        self.path = os.path.join(self.lists, "endpoints.json")
        self.process = None
        self.firsts, self.times, self.costs, self.memory = [], [], [], []

    def command(self, etcd):
        raise NotImplementedError

    @property
    def services(self):
        """What the file says, apart from what the program itself has registered."""
        with open(self.path) as file:
            services = json.load(file)["services"]
        services.pop("own", None)
        return services

    def turn(self, etcd, number):
        if os.path.exists(self.path):
            os.unlink(self.path)
        notify = libc.inotify_init1(os.O_NONBLOCK)
        libc.inotify_add_watch(notify, self.lists.encode(), IN_MOVED_TO)
        began = time.monotonic()
        self.process = subprocess.Popen(self.command(etcd), stderr=subprocess.DEVNULL)
        wait_for_rename(notify)
        self.firsts.append(time.monotonic() - began)
        self.until_registered(notify)
        first = self.services
        cpu = self.cpu_seconds()
        for n in range(CHANGES):
            sent = time.monotonic()
            etcd.put("services/s0/one-more", f"10.255.{number}.{n}:80")
            self.times.append(wait_for_rename(notify) - sent)
        self.costs.append((self.cpu_seconds() - cpu) / CHANGES)
        self.memory.append(self.resident_megabytes())
        assert f"10.255.{number}.{CHANGES - 1}:80" in open(self.path).read()
        os.close(notify)
        self.process.terminate()
        self.process.wait()
        return first

    def until_registered(self, notify):
        """The file shows its own service, and what that changes is over."""
        deadline = time.monotonic() + 20
        while '"own"' not in open(self.path).read():
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.name} did not register")
            time.sleep(0.01)
        time.sleep(0.3)
        try:
            os.read(notify, 65536)
        except BlockingIOError:
            pass

    def cpu_seconds(self):
        """To the nanosecond, of all its threads."""
        tasks = f"/proc/{self.process.pid}/task"
        return sum(int(open(f"{tasks}/{task}/schedstat").read().split()[0])
                   for task in os.listdir(tasks)) / 1e9

    def resident_megabytes(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Discoveryd(Program):
    def __init__(self, binary, directory):
        super().__init__("discoveryd", directory)
        self.binary = binary

    def command(self, etcd):
        conf = os.path.join(self.directory, "conf")
        with open(conf, "w") as file:
            file.write(f'[etcd]\nendpoints = ["{etcd.address}"]\n[[output]]\npath = "{self.path}"\n'
                       '[[service]]\nname = "own"\nid = "discoveryd"\nport = 80\naddress = "10.0.0.1"\n')
        return [self.binary, "run", "-c", conf, "--status-file", f"{self.directory}/status.json",
                "--control-socket", f"{self.directory}/control.sock"]


class Peer(Program):
    def __init__(self, directory):
        super().__init__("go", directory)
        self.binary = os.path.join(self.directory, "peer")
        environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
        if subprocess.run(["go", "build", "-o", self.binary, "."], cwd=os.path.join(HERE, "peer"),
                          env=environment).returncode:
            raise SystemExit("go build failed; apt install golang-go golang-etcd-server-dev")

    def command(self, etcd):
        return [self.binary, "-etcd", etcd.address, "-key", "services/own/go", "-addr", "10.0.0.2:80",
                "-file", self.path]


def wait_for_rename(notify):
    if not select.select([notify], [], [], 60)[0]:
        raise SystemExit("no change of the file within 60 s")
    os.read(notify, 65536)
    return time.monotonic()


def measure(binary, count):
    directory = tempfile.mkdtemp(prefix="discoveryd-bench-")
    etcd, programs = None, []
    try:
        etcd = Etcd(directory)
        etcd.fill(count)
        programs = [Discoveryd(binary, directory), Peer(directory)]
        before = None
        for number in range(TURNS):
            for program in programs:
                first = program.turn(etcd, number)
                if before not in (None, first):
                    raise SystemExit(f"the two files differ:\n{before}\n{first}"[:4000])
                before = program.services
        rows = [row(program) for program in programs]
        for program, figures in zip(programs, rows):
            show(f"{count}", program.name, figures)
        show("", "ratio", [ours / theirs for ours, theirs in zip(*rows)], "{:.2f}")
    finally:
        for program in programs:
            program.end()
        if etcd:
            etcd.end()
        shutil.rmtree(directory)


def row(program):
    times = sorted(program.times)
    return [statistics.median(program.firsts) * 1000, statistics.median(times) * 1000,
            times[int(len(times) * 0.99) - 1] * 1000, statistics.median(program.costs) * 1000,
            statistics.median(program.memory)]


def show(count, name, figures, form="{:.1f}"):
    print(f"{count:>9}  {name:<10} " + " ".join(f"{form.format(figure):>12}" for figure in figures),
          flush=True)


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    titles = ["first ms", "median ms", "p99 ms", "CPU ms/chg", "RSS MB"]
    print(f"{'endpoints':>9}  {'':<10} " + " ".join(f"{title:>12}" for title in titles))
    for count in [int(text) for text in sys.argv[2:]] or [10, 1000, 10000, 100000]:
        measure(sys.argv[1], count)


if __name__ == "__main__":
    main()
