#!/usr/bin/env python3
"""From a put in etcd to the renamed file: how long, and what it costs.

    Benchmarks/propagation.py .build/dist/discoveryd [ENDPOINTS...]

Starts a private etcd and one daemon, fills in so many endpoints in services of 50, then puts one
more, 200 times, each time waiting for inotify to tell that the file was replaced. Each put goes
through etcd's own HTTP gateway on a connection that stays open. Prints milliseconds (minimum,
median, 99th percentile, maximum), how much of it etcd needed to answer the put, and the daemon's
CPU time per change and resident memory.
"""
import base64, ctypes, http.client, json, os, select, shutil, signal, socket, statistics, subprocess
import sys, tempfile, time

ROUNDS = 200
libc = ctypes.CDLL(None, use_errno=True)
IN_MOVED_TO = 0x80


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Etcd:
    def __init__(self, directory):
        self.port, peer = free_port(), free_port()
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer}"
        self.process = subprocess.Popen(
            ["etcd", "--name=bench", f"--data-dir={directory}/etcd", f"--listen-client-urls={client}",
             f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
             f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=bench={peer}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
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
        self.call("/v3/kv/put", put(key, value))

    def fill(self, count):
        puts = [{"requestPut": put(f"services/s{n // 50}/i{n}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}:80")}
                for n in range(count)]
        for start in range(0, count, 100):
            self.call("/v3/kv/txn", {"success": puts[start:start + 100]})


def put(key, value):
    encode = lambda text: base64.b64encode(text.encode()).decode()
    return {"key": encode(key), "value": encode(value)}


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


def wait_for_rename(notify):
    if not select.select([notify], [], [], 20)[0]:
        raise SystemExit("no change of the file within 20 s")
    os.read(notify, 65536)
    return time.monotonic()


def measure(binary, count):
    directory = tempfile.mkdtemp(prefix="discoveryd-bench-")
    lists = os.path.join(directory, "lists")
    os.mkdir(lists)
    etcd, daemon = Etcd(directory), None
    try:
        etcd.fill(count)
        path = os.path.join(lists, "endpoints.json")
        with open(os.path.join(directory, "conf"), "w") as f:
            f.write(f'[etcd]\nendpoints = ["127.0.0.1:{etcd.port}"]\n[[output]]\npath = "{path}"\n')
        notify = libc.inotify_init1(os.O_NONBLOCK)
        libc.inotify_add_watch(notify, lists.encode(), IN_MOVED_TO)
        began = time.monotonic()
        daemon = subprocess.Popen(
            [binary, "run", "-c", f"{directory}/conf", "--status-file", f"{directory}/status.json"],
            stderr=subprocess.DEVNULL)
        first = wait_for_rename(notify) - began
        assert sum(map(len, json.load(open(path))["services"].values())) == count
        times, answers = [], []
        cpu = cpu_seconds(daemon.pid)
        for n in range(ROUNDS):
            sent = time.monotonic()
            etcd.put("services/s0/one-more", f"10.255.{n >> 8}.{n & 255}:80")
            answers.append(time.monotonic() - sent)
            times.append(wait_for_rename(notify) - sent)
        cpu = (cpu_seconds(daemon.pid) - cpu) / ROUNDS
        assert f"10.255.0.{ROUNDS - 1}:80" in open(path).read()
        times.sort()
        ms = lambda seconds: f"{seconds * 1000:.1f}"
        print(f"{count:>9} {ms(first):>10} {ms(times[0]):>8} {ms(statistics.median(times)):>8} "
              f"{ms(times[int(ROUNDS * 0.99) - 1]):>8} {ms(times[-1]):>8} "
              f"{ms(statistics.median(answers)):>10} {ms(cpu):>10} {resident_megabytes(daemon.pid):>8.0f}",
              flush=True)
    finally:
        for process in (daemon, etcd.process):
            if process:
                process.send_signal(signal.SIGKILL)
                process.wait()
        shutil.rmtree(directory)


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print("endpoints   first ms   min ms median ms   p99 ms   max ms put median CPU ms/chg   RSS MB")
    for count in [int(n) for n in sys.argv[2:]] or [10, 1000, 10000]:
        measure(sys.argv[1], count)


main()
