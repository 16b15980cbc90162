"""HAProxy over its runtime API: from etcd's answer to a change until HAProxy's process has it, and what that costs.

Servers of one service leave and return at random, on a fixed schedule. In one turn HAProxy is asked all the time
how it stands, which gives the lag; in another one it is left alone, which gives the CPU time of both programs.
There is no Go program beside it: it has no such thing.
"""
import os
import random
import socket
import time

import lag
from process import Process
from programs import Discoveryd
from table import cpu, milliseconds, number, table

#: Servers, changes a second, and for how many seconds.
SIZES = [(8, 10, 20), (500, 20, 20)]
TITLES = ["servers", "changes", "lag p50", "p99", "longest", "reloads", "CPU of discoveryd per change",
          "CPU of HAProxy per change"]
#: How often HAProxy is asked: no lag is measured finer.
PAUSE = 0.002


def measure(setting):
    rows = []
    for servers, rate, seconds in setting.choose(SIZES, [(8, 10, 3)]):
        lags, reloads, changes = turn(setting, servers, rate, setting.seconds(seconds), asks=True)[:3]
        _, more, count, ours, theirs = turn(setting, servers, rate, setting.seconds(seconds), asks=False)
        rows.append([number(servers), f"{changes:,} at {rate}/s", milliseconds(lag.percentile(lags, 0.5)),
                     milliseconds(lag.percentile(lags, 0.99)), milliseconds(max(lags)), str(reloads + more),
                     cpu(ours / count), cpu(theirs / count)])
    return table(TITLES, rows)


def turn(setting, servers, rate, seconds, asks):
    with setting.etcd() as (directory, etcd, _), HAProxy(directory) as haproxy:
        for one in range(servers):
            etcd.put(key(one), place(one))
        daemon = Watcher(setting.binary, directory, haproxy)
        with daemon, daemon.running(etcd) as process:
            wait_until(lambda: os.path.exists(haproxy.list) and os.path.getsize(haproxy.list) > servers * 20)
            haproxy.start()
            wait_until(lambda: len(haproxy.servers()) == servers)
            time.sleep(2)
            chance, there, lags = random.Random(servers), set(range(servers)), []
            before = process.cpu_seconds(), haproxy.cpu_seconds()
            began, changes = time.monotonic(), int(rate * seconds)
            for change in range(changes):
                time.sleep(max(0, began + change / rate - time.monotonic()))
                one = chance.randrange(servers)
                if one in there:
                    etcd.delete(key(one))
                else:
                    etcd.put(key(one), place(one))
                there ^= {one}
                answered = time.monotonic()
                while asks and haproxy.serves(one) != (one in there):
                    if time.monotonic() > answered + 10:
                        raise SystemExit(f"HAProxy never followed: {haproxy.servers()}")
                    time.sleep(PAUSE)
                lags.append(time.monotonic() - answered)
            time.sleep(1)
            after = process.cpu_seconds(), haproxy.cpu_seconds()
            wait_until(lambda: all(haproxy.serves(one) == (one in there) for one in range(servers)))
            return lags, daemon.reloads(), changes, after[0] - before[0], after[1] - before[1]


def key(one):
    return f"services/web/w{one}"


def place(one):
    return f"127.{one >> 8}.{one & 255}.2:8080"


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("not in time")
        time.sleep(0.02)


class HAProxy:
    """A HAProxy that loads the list that discoveryd writes."""

    def __init__(self, directory):
        self.list, self.socket = f"{directory}/haproxy.cfg", f"{directory}/admin"
        self.base, self.log, self.process = f"{directory}/base.cfg", f"{directory}/haproxy.log", None
        with open(self.base, "w") as file:
            file.write(f"global\n  stats socket {self.socket} level admin\ndefaults\n  mode http\n  balance roundrobin\n"
                       "  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.stop()

    def start(self):
        self.process = Process(["haproxy", "-db", "-f", self.base, "-f", self.list], self.log)

    def cpu_seconds(self):
        return self.process.cpu_seconds()

    def servers(self):
        """The state by name: 0 is in service."""
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(self.socket)
            except OSError:
                return {}
            s.sendall(b"show servers state web\n")
            text = b""
            while part := s.recv(1 << 16):
                text += part
        lines = [line.split() for line in text.decode().splitlines()]
        return {line[3]: line[6] for line in lines if len(line) > 20 and line[0] != "#"}

    def serves(self, one):
        return self.servers().get(f"w{one}") == "0"


class Watcher(Discoveryd):
    """discoveryd with HAProxy as its one consumer."""

    def __init__(self, binary, directory, haproxy):
        super().__init__(binary, directory)
        self.haproxy, self.reloaded = haproxy, f"{directory}/reloaded"

    def command(self, etcd):
        with open(f"{self.directory}/conf", "w") as file:
            file.write(f'[etcd]\nendpoints = ["{etcd.address}"]\n[[output]]\npath = "{self.haproxy.list}"\n'
                       f'format = "haproxy"\nservices = ["web"]\nruntime = "{self.haproxy.socket}"\n'
                       f'reload = {{ command = ["sh", "-c", "echo >> {self.reloaded}"] }}\n')
        return [self.binary, "run", "-c", f"{self.directory}/conf", "--status-file", f"{self.run}/status.json",
                "--control-socket", f"{self.run}/control.sock"]

    def reloads(self):
        """Without the one for the first list, when HAProxy was not there yet."""
        if not os.path.exists(self.reloaded):
            return 0
        with open(self.reloaded) as file:
            return max(0, len(file.readlines()) - 1)

    def running(self, etcd):
        return Stopping(self.start(etcd))


class Stopping:
    """Ends a process behind a block."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.stop()
