"""strace(1) on a daemon: the system calls of its write path, and death at one of them."""
import os
import re
import signal
import subprocess

from waiting import until

CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)


class Strace:
    """Follows every thread of a running daemon, as far as it touches one file and what is staged for
    it; a context that ends with the tracing."""

    def __init__(self, daemon, injection=None, path=None):
        self.daemon, self.injection = daemon, injection
        self.path = path or daemon.list
        self.output = os.path.join(daemon.directory, "trace")

    def __enter__(self):
        pid = self.daemon.process.pid
        directory, name = os.path.split(self.path)
        staging = os.path.join(directory, ".discoveryd")
        command = ["strace", "-f", "-q", "-p", str(pid), "-o", self.output]
        # Staged files are numbered; a scenario writes a few dozen.
        staged = [os.path.join(staging, f"{name}.{pid}.{number}.new") for number in range(200)]
        for path in (directory, self.path, staging, *staged):
            command += ["-P", path]
        if self.injection:
            command += ["-e", self.injection]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until(lambda: self._is_attached(pid), "strace follows every thread", 10)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def until_written(self):
        """Waits for the end of one write, and returns its calls as (name, how often so far)."""
        def written():
            with open(self.output) as file:
                names = CALL.findall(file.read())
            # The write is over with the second close after the rename: staging, then directory.
            end = names.index("renameat") if "renameat" in names else len(names)
            return names[end:].count("close") >= 2 and names
        names = until(written, "a whole write was seen", 10)
        last = len(names) - 1 - names[::-1].index("close")
        changing = [name for name in names[:last + 1] if "stat" not in name]
        return [(name, changing[:position + 1].count(name))
                for position, name in enumerate(changing)]

    @staticmethod
    def _is_attached(pid):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status") as file:
                if "TracerPid:\t0\n" in file.read():
                    return False
        return True
