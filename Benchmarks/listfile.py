"""A list that a program keeps in a file: when it is replaced, and what it says."""
import ctypes
import os
import re
import select
import time

IN_MOVED_TO = 0x80
LONGEST = 60
libc = ctypes.CDLL(None, use_errno=True)


class ListFile:
    """A file, and inotify on its directory from now on."""

    def __init__(self, path):
        self.path = path
        self.notify = libc.inotify_init1(os.O_NONBLOCK)
        if libc.inotify_add_watch(self.notify, os.path.dirname(path).encode(), IN_MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def close(self):
        os.close(self.notify)

    def until_replaced(self):
        """Waits until the file is replaced, and returns when inotify told."""
        if not select.select([self.notify], [], [], LONGEST)[0]:
            raise SystemExit(f"no change of {self.path} within {LONGEST} s")
        when = time.monotonic()
        os.read(self.notify, 65536)
        return when

    def until_lists(self, service):
        """Waits until the file names the service."""
        while f'"{service}":[' not in self.text:
            self.until_replaced()

    @property
    def text(self):
        with open(self.path) as file:
            return file.read()

    @property
    def revision(self):
        """The revision in its first line."""
        with open(self.path) as file:
            return int(re.search(r'"revision":(\d+)', file.readline())[1])

    def services(self, without):
        """All services as the text has them, apart from the one that the program itself registers."""
        rest = self.text.partition('"services":{\n')[2]
        return re.sub(rf'^"{without}":\[\n[^\n]*\n\],?\n?', "", rest, count=1, flags=re.MULTILINE)
