"""What all parts are given: the binaries, where to work, and how much to do."""
import contextlib
import os
import shutil
import tempfile

import gobuild
from etcd import Etcd
from load import Load
from programs import Discoveryd, Peer


class Setting:
    def __init__(self, binary, quick=False, seconds=None):
        self.binary, self.quick, self._seconds = os.path.abspath(binary), quick, seconds
        self.peer, self.load = gobuild.build("peer"), gobuild.build("load")
        #: Where series of samples are kept.
        self.series = gobuild.BUILT

    def seconds(self, usual):
        """How long a load takes: as usual, as asked for, or a few seconds in the quick form."""
        return self._seconds or (min(3, usual) if self.quick else usual)

    def choose(self, usual, quick):
        return quick if self.quick else usual

    @contextlib.contextmanager
    def etcd(self, *filled):
        """An etcd that holds these endpoints, with its load generator and a directory."""
        directory = tempfile.mkdtemp(prefix="discoveryd-bench-")
        try:
            with Etcd(directory) as etcd:
                load = Load(self.load, etcd)
                for endpoints in filled:
                    load.fill(endpoints)
                yield directory, etcd, load
        finally:
            shutil.rmtree(directory)

    @contextlib.contextmanager
    def programs(self, directory, only=None):
        """discoveryd and the Go program."""
        with Discoveryd(self.binary, directory, only) as ours, Peer(self.peer, directory, only) as theirs:
            yield ours, theirs


def turns(programs, rounds):
    """A B B A, so many times over: what drifts meets both alike."""
    first, second = programs
    return [first, second, second, first] * rounds
