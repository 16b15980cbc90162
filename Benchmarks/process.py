"""A program that runs: its CPU time, its memory, and its end."""
import subprocess
import time

LONGEST_STOP = 30


class Process:
    def __init__(self, command, log, group=None):
        self.began = time.monotonic()
        with open(log, "ab") as out:
            self.child = subprocess.Popen(group.wrap(command) if group else command, stdout=out, stderr=out)
        self.cpu_at_end, self.peak_at_end = 0.0, 0.0

    def is_alive(self):
        return self.child.poll() is None

    def cpu_seconds(self):
        """Of all its threads, also of those that have ended, to the nanosecond."""
        if self.is_alive():
            # The clock of another process, as clock_getcpuclockid(3) makes it.
            self.cpu_at_end = time.clock_gettime((~self.child.pid << 3) | 2)
        return self.cpu_at_end

    def resident(self):
        """Mebibytes, or 0 when it has ended."""
        return self._memory("VmRSS")

    def peak(self):
        """The most it ever had; of a program that was killed what was seen last."""
        self.peak_at_end = max(self.peak_at_end, self._memory("VmHWM"))
        return self.peak_at_end

    def stop(self):
        """Ends it as systemd does."""
        if self.is_alive():
            self.child.terminate()
            try:
                self.child.wait(LONGEST_STOP)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()

    def _memory(self, name):
        try:
            with open(f"/proc/{self.child.pid}/status") as file:
                return next((int(line.split()[1]) / 1024 for line in file if line.startswith(name)), 0.0)
        except OSError:
            return 0.0
