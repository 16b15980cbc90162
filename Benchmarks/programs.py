"""The two programs that are compared, each run anew in each of its turns."""
import os
import shutil
import subprocess
import tempfile
import time

from listfile import ListFile

HERE = os.path.dirname(os.path.abspath(__file__))
#: The service that a program registers itself.
OWN = "own"


class Program:
    """One program, and what was measured of it in its turns: seconds, and megabytes."""

    def __init__(self, name, directory):
        self.name, self.directory = name, os.path.join(directory, name)
        self.path = os.path.join(self.directory, "lists", "endpoints.json")
        os.makedirs(os.path.dirname(self.path))
        self.process = None
        self.firsts, self.times, self.costs, self.memory = [], [], [], []

    def command(self, etcd):
        raise NotImplementedError

    def turn(self, etcd, number, changes):
        """Starts it, gives it so many changes, and ends it. Returns what it listed first and last."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        file = ListFile(self.path)
        try:
            began = time.monotonic()
            self.process = subprocess.Popen(self.command(etcd), stderr=subprocess.DEVNULL)
            self.firsts.append(file.until_replaced() - began)
            file.until_lists(OWN)
            first = file.services(without=OWN)
            cpu = self._cpu_seconds()
            for n in range(changes):
                self.times.append(self._change(etcd, file, f"10.255.{number}.{n}:80"))
            self.costs.append((self._cpu_seconds() - cpu) / changes)
            self.memory.append(self._resident_megabytes())
            last = file.services(without=OWN)
        finally:
            file.close()
        self.process.terminate()
        self.process.wait(20)
        return first, last

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @staticmethod
    def _change(etcd, file, addr):
        """How long a put takes until a file with its revision is in place."""
        sent = time.monotonic()
        etcd.begin_put("s0", "one-more", addr)
        seen = file.until_replaced()
        revision = etcd.end_put()
        while file.revision < revision:
            seen = file.until_replaced()
        return seen - sent

    def _cpu_seconds(self):
        """To the nanosecond, of all its threads."""
        tasks = f"/proc/{self.process.pid}/task"
        total = 0
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def _resident_megabytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Discoveryd(Program):
    def __init__(self, binary, directory):
        super().__init__("discoveryd", directory)
        self.binary = binary
        # In memory, as under /run: the Go program has no such files.
        self.run = tempfile.mkdtemp(prefix="discoveryd-bench-", dir="/dev/shm")

    def end(self):
        super().end()
        shutil.rmtree(self.run)

    def command(self, etcd):
        conf = os.path.join(self.directory, "conf")
        with open(conf, "w") as file:
            file.write(f'[etcd]\nendpoints = ["{etcd.address}"]\n[[output]]\npath = "{self.path}"\n'
                       f'[[service]]\nname = "{OWN}"\nid = "a"\nport = 80\naddress = "10.0.0.1"\n')
        return [self.binary, "run", "-c", conf, "--status-file", f"{self.run}/status.json",
                "--control-socket", f"{self.run}/control.sock"]


class Peer(Program):
    def __init__(self, directory):
        super().__init__("Go", directory)
        self.binary = os.path.join(self.directory, "peer")
        environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
        if subprocess.run(["go", "build", "-o", self.binary, "."], cwd=os.path.join(HERE, "peer"),
                          env=environment).returncode:
            raise SystemExit("go build failed; apt install golang-go golang-etcd-server-dev")

    def command(self, etcd):
        return [self.binary, "-etcd", etcd.address, "-key", f"services/{OWN}/b", "-addr", "10.0.0.2:80",
                "-file", self.path]
