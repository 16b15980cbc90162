"""Everything of one scenario: a cluster, daemons, a reader for each list, and a stop watch."""
import contextlib
import json
import signal
import time

import network
from certificates import Authority
from cluster import Cluster
from daemon import Daemon
from reader import Reader
from waiting import Stalls, expect, until

PREFIX = "services/"
READS_AFTER = 200
RESTORED = ("etcd was restored from an older state", "connected to a different etcd cluster")


class World:
    """What a scenario acts on. Everything it starts ends with the box that it runs in."""

    def __init__(self, scenario, directory, binary, programs):
        network.make()
        self.bound = scenario.bound
        #: How long a scenario waits: longer than the bound, so that the table shows by how much.
        self.patience = 3 * scenario.bound + 10
        self.directory, self.binary = directory, binary
        #: Who signs the members' certificates, and the daemons'.
        self.authority = Authority(directory) if scenario.tls else None
        self.cluster = Cluster(
            directory, programs, scenario.members, scenario.etcd_options, self.authority)
        self.daemons = []
        #: Every endpoint that was ever made, as (service, id, addr).
        self.made = set()
        self.stalls = Stalls()
        #: The longest time until all was right again, without that in which the machine stood still.
        self.seconds = None

    @contextlib.contextmanager
    def recovery(self):
        """Takes the time from the fault, or from its end, until all is right."""
        began, stalls = time.monotonic(), self.stalls.seconds
        yield
        took = time.monotonic() - began - (self.stalls.seconds - stalls)
        self.seconds = max(self.seconds or 0, took)

    # ---- daemons

    def daemon(self, name, services=None, endpoints=None, keeps_state=False, **configuration):
        """A daemon that is configured and not started. `services` are addresses by service/id; see
        `Daemon.configure` for the rest."""
        daemon = Daemon(self.binary, self.directory, name)
        daemon.keeps_state = keeps_state
        daemon.services = dict(services or {})
        for key, addr in daemon.services.items():
            self._note(key, addr)
        daemon.configure(endpoints or self.cluster.addresses, daemon.services, **configuration)
        daemon.reader = Reader(daemon.list, self.made, lambda: self._told_of_restore(daemon))
        daemon.reader.start()
        self.daemons.append(daemon)
        return daemon

    def start(self, name, services=None, endpoints=None, keeps_state=False, **configuration):
        """Starts a daemon and waits until it is ready; what READY=1 promises is looked at."""
        daemon = self.daemon(name, services, endpoints, keeps_state, **configuration)
        self.run(daemon)
        return daemon

    def run(self, daemon, **start):
        """Starts a configured daemon and waits until it is ready."""
        daemon.start(**start)
        daemon.wait_ready()
        with open(daemon.list) as file:
            listed = {f"{service}/{endpoint['id']}"
                      for service, endpoints in json.load(file)["services"].items()
                      for endpoint in endpoints}
        expect(listed >= set(daemon.services), f"READY=1 of {daemon.name} to mean that its services "
               f"are in its list, which names {sorted(listed)}")

    def move(self, daemon, endpoints, services):
        """Gives the services of a daemon that runs other addresses."""
        daemon.services = dict(services)
        for key, addr in services.items():
            self._note(key, addr)
        daemon.configure(endpoints, services)
        daemon.send(signal.SIGHUP)

    def certificate(self, name="one", seconds=None):
        """Issues a certificate for a daemon, where etcd speaks TLS; returns the settings of TLS."""
        if not self.authority:
            return None
        own = self.authority.issue(name, **({"seconds": seconds} if seconds else {}))
        return {"ca_file": self.authority.file, "cert_file": own.file, "key_file": own.key_file}

    def member_of(self, daemon):
        """The member that serves the daemon."""
        address = until(lambda: daemon.status["etcd"], f"{daemon.name} is connected", self.patience)
        return self.cluster.at(address)

    def follower_of(self, daemon):
        """The same, and it is seen to that it does not lead: then its loss costs no election."""
        member = self.member_of(daemon)
        self.cluster.lead(self.cluster.others(member)[0])
        return member

    # ---- the registry

    def put(self, key, addr, lease=0, through=None):
        """Another host's endpoint."""
        self._note(key, addr)
        return self.cluster.put(PREFIX + key, addr, lease, through)

    def put_all(self, addresses, through=None, padding=""):
        """Many of them, by service/id. The padding makes large values of them."""
        for key, addr in addresses.items():
            self._note(key, addr)
        self.cluster.put_all(
            ((PREFIX + key, f'{{"Addr":"{addr}"{padding}}}') for key, addr in addresses.items()),
            through)

    def delete(self, key, through=None):
        self.cluster.delete(PREFIX + key, through)

    def record(self, key, through=None):
        """What etcd holds for service/id, or None."""
        return self.cluster.get(PREFIX + key, through).get(PREFIX + key)

    def in_etcd(self):
        """The endpoints that etcd holds, as (service, id, addr)."""
        found = set()
        for key, record in self.cluster.get(PREFIX).items():
            service, id = key[len(PREFIX):].split("/")
            addr, state = record.value, "up"
            if addr.startswith("{"):
                value = json.loads(addr)
                addr, state = value["Addr"], value.get("discoveryd", {}).get("state", "up")
            if state != "leaving":
                found.add((service, id, addr))
        return frozenset(found)

    # ---- waiting

    def until_lists(self, daemon, *keys):
        """Waits until the daemon's list names all of these."""
        daemon.reader.until(lambda list: list.keys >= set(keys), f"{keys} are listed", self.patience)

    def until_lacks(self, daemon, *keys):
        """Waits until the daemon's list names none of these."""
        daemon.reader.until(lambda list: not list.keys & set(keys), f"{keys} are gone", self.patience)

    def until_right(self, *daemons):
        """Waits until the lists hold exactly what etcd holds, their own services among it."""
        for daemon in daemons or self.daemons:
            until(lambda: self._is_right(daemon), f"{daemon.name} lists what etcd holds, "
                  "with its own services", self.patience)

    def until_state(self, daemon, state):
        """Waits until the status file says this."""
        until(lambda: daemon.status["state"] == state, f"{daemon.name} is {state}", self.patience)

    def _is_right(self, daemon):
        held, listed = self.in_etcd(), daemon.reader.list
        return listed and listed.endpoints == held and {
            f"{service}/{id}" for service, id, _ in held} >= set(daemon.services)

    # ---- the end

    def settle(self):
        """Lets every reader read on for a while: what is right has to stay so."""
        for daemon in self.daemons:
            goal = daemon.reader.reads + READS_AFTER
            until(lambda: daemon.reader.reads >= goal, f"the list of {daemon.name} can be read", 10)

    def finish(self):
        """Ends the readers and returns what they saw."""
        for daemon in self.daemons:
            daemon.reader.end()
        readers = [daemon.reader for daemon in self.daemons]
        return {
            "reads": sum(reader.reads for reader in readers),
            "torn": sum(reader.torn for reader in readers),
            "wrong": sum(reader.wrong for reader in readers),
            "faults": [f"{daemon.name}: {fault}" for daemon in self.daemons
                       for fault in daemon.reader.faults[:5]],
            "seconds": self.seconds,
        }

    def _note(self, key, addr):
        service, id = key.split("/")
        self.made.add((service, id, addr))

    @staticmethod
    def _told_of_restore(daemon):
        printed = daemon.printed
        return any(sentence in printed for sentence in RESTORED)
