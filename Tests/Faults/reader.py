"""A program that reads a list all the time, as other programs do, and trusts nothing it reads."""
import json
import os
import stat
import threading
import time

from waiting import Failed

PAUSE = 0.001
HEAD = {"schema", "cluster_id", "prefix", "revision", "services"}
ENDPOINT = {"id", "addr", "address", "port", "weight", "tags", "meta", "state", "create_revision",
            "mod_revision", "version", "lease"}


class List:
    """A list that was read: its endpoints as (service, id, addr), and its revision."""

    def __init__(self, text):
        document = json.loads(text)
        fault = schema_fault(document)
        if fault:
            raise ValueError(fault)
        self.revision = document["revision"]
        self.cluster = document["cluster_id"]
        self.endpoints = frozenset(
            (service, endpoint["id"], endpoint["addr"])
            for service, endpoints in document["services"].items() for endpoint in endpoints)
        self.keys = frozenset(f"{service}/{id}" for service, id, _ in self.endpoints)
        self.newest = max((endpoint["mod_revision"] for endpoints in document["services"].values()
                           for endpoint in endpoints), default=0)


def without_waiting(path, flags):
    return os.open(path, flags | os.O_NONBLOCK)


def schema_fault(document):
    """What is wrong with the form of a list, or None."""
    if not isinstance(document, dict) or set(document) != HEAD or document["schema"] != 1:
        return "the head is not that of schema 1"
    for service, endpoints in document["services"].items():
        ids = [endpoint["id"] for endpoint in endpoints]
        if ids != sorted(set(ids)):
            return f"{service}: not sorted, or an id twice"
        for endpoint in endpoints:
            if set(endpoint) - {"zone"} != ENDPOINT:
                return f"{service}/{endpoint['id']}: other members than in schema 1"
            if endpoint["state"] not in ("up", "draining"):
                return f"{service}/{endpoint['id']}: state {endpoint['state']}"
            if not 0 < endpoint["create_revision"] <= endpoint["mod_revision"]:
                return f"{service}/{endpoint['id']}: created after it was changed"
            if endpoint["addr"].rpartition(":")[0].strip("[]") != endpoint["address"]:
                return f"{service}/{endpoint['id']}: addr and address differ"


class Reader(threading.Thread):
    """Reads one file over and over until it is told to end.

    `made` is every endpoint that the scenario ever made; a list that shows another one is wrong.
    `may_go_back` says whether the daemon has told of a restored etcd.
    """

    def __init__(self, path, made, may_go_back):
        super().__init__(daemon=True)
        self.path, self.made, self.may_go_back = path, made, may_go_back
        self.reads = self.torn = self.wrong = 0
        self.faults = []
        self.list = None
        #: Endpoints that have to be on every list from now on.
        self.always = frozenset()
        #: Whether the file may be missing for now.
        self.may_be_absent = False
        self._frozen = None
        self._text = None
        self._news = threading.Condition()
        self._ended = False

    def run(self):
        while not self._ended:
            self._read()
            time.sleep(PAUSE)

    def end(self):
        self._ended = True
        self.join()

    def freeze(self):
        """From now on the file must not change at all."""
        with self._news:
            self._frozen = self._text

    def thaw(self):
        with self._news:
            self._frozen = None

    def forget(self):
        """What was read so far counts no more for `until`; the next read is news."""
        with self._news:
            self._text = self.list = None

    def until(self, condition, what, within):
        """Waits until a list that was read fulfils the condition, and returns it."""
        deadline = time.monotonic() + within
        with self._news:
            while not (self.list and condition(self.list)):
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    if self.list and condition(self.list):
                        break
                    raise Failed(f"not within {within:g} s in {self.path}: {what}")
            return self.list

    def _read(self):
        try:
            # Not held up by a pipe that a scenario put in the file's place.
            with open(self.path, "rb", opener=without_waiting) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return
                text = file.read()
        except FileNotFoundError:
            if not self.may_be_absent and self.list:
                self._count_wrong("the file is missing")
            return
        except OSError:
            return  # a directory, or a device without a driver
        with self._news:
            self.reads += 1
            if text == self._text:
                return
            if self._frozen is not None:
                self._count_wrong("the file changed when it had to stay as it was")
            try:
                found = List(text)
            except ValueError as error:
                if isinstance(error, json.JSONDecodeError) or not text:
                    self.torn += 1
                    self.faults.append(f"torn: {error}: {text[:80]!r}")
                else:
                    self._count_wrong(str(error))
                return
            self._judge(found)
            self._text, self.list = text, found
            self._news.notify_all()

    def _tells_of_restore(self):
        """Whether the daemon says that etcd was restored. The log and the file are written side by side, so it
        may say so a moment after the file is there."""
        deadline = time.monotonic() + 2
        while not self.may_go_back():
            if time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)
        return True

    def _judge(self, found):
        for stranger in found.endpoints - self.made:
            self._count_wrong(f"an endpoint that nobody made: {stranger}")
        for missing in self.always - found.endpoints:
            self._count_wrong(f"an endpoint is missing at revision {found.revision}: {missing}")
        # Of a history that is gone endpoints may be held for a while, with their revisions.
        if found.newest > found.revision and not self._tells_of_restore():
            self._count_wrong(f"revision {found.revision} is older than an endpoint's {found.newest}")
        if self.list and found.revision < self.list.revision and not self._tells_of_restore():
            self._count_wrong(f"the revision went back from {self.list.revision} to {found.revision}")

    def _count_wrong(self, fault):
        self.wrong += 1
        if fault not in self.faults:
            self.faults.append(fault)
