"""The load generator in Go (Benchmarks/load): what it is told, and what it says of its puts."""
import os
import subprocess
import tempfile
import typing

MARGIN = 60


class Put(typing.NamedTuple):
    """A put that etcd answered; seconds on the clock of `time.monotonic()`."""
    due: float
    sent: float
    answered: float
    revision: int
    key: str


class Endpoints(typing.NamedTuple):
    """Which keys: `services` of the name and a number, or with 0 one service of just this name."""
    count: int
    services: int = 1
    name: str = "s"
    size: int = 0

    def options(self):
        return [f"-count={self.count}", f"-services={self.services}", f"-name={self.name}", f"-size={self.size}"]


class Load:
    def __init__(self, binary, etcd):
        self.command = [binary, f"-etcd={etcd.address}"]

    def fill(self, endpoints):
        subprocess.run([*self.command, "fill", *endpoints.options()], check=True, timeout=300)

    def puts(self, endpoints, rate, seconds, seed):
        """Runs a load to its end and returns its puts."""
        running = self.start(endpoints, rate, seconds, seed)
        try:
            return running.finish()
        finally:
            running.end()

    def start(self, endpoints, rate, seconds, seed):
        return RunningLoad([*self.command, "put", *endpoints.options(), f"-rate={rate}", f"-seconds={seconds}",
                            f"-seed={seed}"], seconds)


class RunningLoad:
    def __init__(self, command, seconds):
        handle, self.path = tempfile.mkstemp(prefix="discoveryd-bench-load-")
        os.close(handle)
        self.longest = seconds + MARGIN
        self.process = subprocess.Popen([*command, f"-log={self.path}"])

    def is_running(self):
        return self.process.poll() is None

    def finish(self):
        """Waits for its end and returns its puts, in the order of their revisions."""
        if self.process.wait(self.longest):
            raise SystemExit("the load generator failed")
        with open(self.path) as file:
            lines = [line.split() for line in file]
        puts = [Put(*(int(time) / 1e9 for time in line[:3]), int(line[3]), line[4]) for line in lines]
        return sorted(puts, key=lambda put: put.revision)

    def end(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()
        os.unlink(self.path)
