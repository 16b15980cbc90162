"""Memory over time, sampled in a thread of its own."""
import threading
import time
import typing


class Sample(typing.NamedTuple):
    """Seconds since the start of sampling; mebibytes of the program, and of its control group."""
    at: float
    resident: float
    group: float


class Samples:
    """Samples what `process()` returns, until it is closed."""

    def __init__(self, process, group, every=1.0):
        self.all = []
        self._process, self._group, self._every = process, group, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _run(self):
        began = time.monotonic()
        while True:
            process = self._process()
            process.peak()
            self.all.append(Sample(time.monotonic() - began, process.resident(), self._group.usage() / 2**20))
            if self._ended.wait(self._every):
                return

    def compact(self, wanted=13):
        """A few of them, evenly spread, in one line."""
        step = max(1, len(self.all) // (wanted - 1))
        return " ".join(f"{sample.resident:.0f}" for sample in self.all[::step])

    def keep(self, path):
        with open(path, "w") as file:
            file.write("seconds,rss_mib,group_mib\n")
            file.writelines(f"{one.at:.1f},{one.resident:.1f},{one.group:.1f}\n" for one in self.all)
