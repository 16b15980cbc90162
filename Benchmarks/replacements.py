"""When a file was replaced, and the revision that its first line says: by inotify, in a thread of its own."""
import ctypes
import os
import re
import select
import struct
import threading
import time
import typing

IN_MOVED_TO = 0x80
EVENT = struct.Struct("iIII")
REVISION = re.compile(rb'"revision":(\d+)')
libc = ctypes.CDLL(None, use_errno=True)


class Replacement(typing.NamedTuple):
    when: float
    revision: int


class Replacements:
    """Watches one path until it is closed."""

    def __init__(self, path):
        self.path, self.all = path, []
        self._name = os.path.basename(path).encode()
        self._changed = threading.Condition()
        self._notify = libc.inotify_init1(os.O_NONBLOCK)
        if libc.inotify_add_watch(self._notify, os.path.dirname(path).encode(), IN_MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")
        self._wake, self._end = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        os.close(self._end)
        self._thread.join()
        os.close(self._wake)
        os.close(self._notify)

    def until(self, holds, seconds, process=None):
        """Waits until something holds, asked after each replacement; False when it did not come to that."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not holds():
                if time.monotonic() > deadline or process and not process.is_alive():
                    return False
                self._changed.wait(0.1)
        return True

    def until_revision(self, revision, seconds, process=None):
        return self.until(lambda: self.all and self.all[-1].revision >= revision, seconds, process)

    def _run(self):
        while True:
            ready, _, _ = select.select([self._notify, self._wake], [], [])
            if self._wake in ready:
                return
            when = time.monotonic()
            if not self._is_ours(os.read(self._notify, 65536)):
                continue
            with open(self.path, "rb") as file:
                revision = int(REVISION.search(file.read(512))[1])
            if select.select([self._notify], [], [], 0)[0]:
                # Replaced again meanwhile: the revision may be that of the newer file, which was not there before.
                when = time.monotonic()
            with self._changed:
                self.all.append(Replacement(when, revision))
                self._changed.notify_all()

    def _is_ours(self, events):
        at = 0
        while at < len(events):
            size = EVENT.unpack_from(events, at)[3]
            if events[at + EVENT.size:at + EVENT.size + size].rstrip(b"\0") == self._name:
                return True
            at += EVENT.size + size
        return False
