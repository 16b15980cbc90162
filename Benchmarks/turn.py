"""One run of a program: from its start to its complete list, and on until it is ended."""
import contextlib
import os

import listfile
from programs import OWN

LONGEST_START = 120


class NoList(SystemExit):
    """A program did not come to a complete list."""


class Turn:
    """A program that has its list: how long that took, and what can be seen of it from now on."""

    def __init__(self, program, process, replacements):
        self.program, self.process, self.replacements = program, process, replacements
        self.wall, self.cpu, self.first = 0.0, 0.0, ""

    def text(self):
        return listfile.services(self.program.path)

    def wait_until_complete(self, count):
        """Waits for so many endpoints. Which list is the complete one is seen after its time was taken."""
        seen = 0
        while True:
            if not self.replacements.until(lambda: len(self.replacements.all) > seen, LONGEST_START, self.process):
                raise NoList(f"{self.program.name}: no complete list; its log ends:\n{self.end_of_log()}")
            self.cpu = self.process.cpu_seconds()
            seen = len(self.replacements.all)
            self.first = self.text()
            if listfile.count(self.first) >= count:
                break
        self.wall = self.replacements.all[seen - 1].when - self.process.began

    def wait_until_registered(self):
        """Waits until its own service is listed too: then it is at rest."""
        if not self.replacements.until(
                lambda: listfile.lists(self.program.path, OWN), LONGEST_START, self.process):
            raise SystemExit(f"{self.program.name} did not register; its log ends:\n{self.end_of_log()}")

    def end_of_log(self):
        with open(self.program.log, "rb") as file:
            file.seek(max(0, os.path.getsize(self.program.log) - 1000))
            return file.read().decode(errors="replace")


@contextlib.contextmanager
def started(program, etcd, count, group=None):
    """Starts the program, and ends it afterwards whatever happens."""
    with program.watch() as replacements:
        process = program.start(etcd, group)
        try:
            turn = Turn(program, process, replacements)
            turn.wait_until_complete(count)
            if program.only is None:
                turn.wait_until_registered()
            yield turn
        finally:
            process.stop()


class SameList:
    """Each program begins with the list that the one before it ended with, byte for byte."""

    def __init__(self):
        self.text, self.name = None, ""

    def check(self, name, text):
        if self.text not in (None, text):
            raise SystemExit(f"{name} lists something else than {self.name} before it:\n"
                             + listfile.difference(self.text, text))
        self.keep(name, text)

    def keep(self, name, text):
        self.text, self.name = text, name
