"""An etcd cluster whose members are killed, wiped, and restored from snapshots; its client and its root."""
import os

import network
from member import ROOT, Member, Refused, decode, encode
from waiting import Failed, until

START_WITHIN = 20


def end_of(prefix):
    """The first key after all that begin with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


class Record:
    """A key as etcd holds it."""

    def __init__(self, found):
        self.value = decode(found.get("value", ""))
        self.lease = int(found.get("lease", 0))
        self.version = int(found["version"])
        self.created = int(found["create_revision"])
        self.changed = int(found["mod_revision"])


class Cluster:
    """Three members by default, and a client of them."""

    def __init__(self, directory, programs="/usr/bin", size=3, options=(), authority=None):
        self.programs, self.directory = programs, directory
        self.token = "first"
        self._tls = authority and authority.client()
        self.members = [
            Member(n + 1, directory, programs, options, authority, self._tls) for n in range(size)]
        self._asked = list(self.members)
        #: How long one member may take to answer, in seconds.
        self.patience = 5

    @property
    def addresses(self):
        return [member.address for member in self.members]

    def start(self, members=None):
        """Starts members that do not run, and waits until each serves."""
        started = [member for member in members or self.members if not member.runs]
        for member in started:
            member.start(self.initial, self.token)
        for member in started:
            try:
                until(member.answers, f"{member.name} answers", START_WITHIN)
            except Failed as failure:
                with open(member.log, errors="replace") as log:
                    raise Failed(f"{failure}; its log ends:\n{log.read()[-1500:]}") from None

    def kill(self):
        for member in self.members:
            member.kill()

    def wipe(self):
        for member in self.members:
            member.wipe()

    def at(self, address):
        """The member that a client named by its address."""
        for member in self.members:
            if address in (member.address, member.address_6):
                return member
        raise Failed(f"expected: {address} to be a member")

    def leader(self):
        """The member that leads now."""
        def found():
            for member in self.members:
                try:
                    answer = member.call("maintenance/status", timeout=1)
                except (OSError, Refused):
                    continue
                if answer.get("leader") == answer["header"]["member_id"]:
                    return member
        return until(found, "a leader", 10)

    def others(self, *members):
        return [member for member in self.members if member not in members]

    def lead(self, member):
        """Makes the member the leader, so that it is known what its loss means."""
        leader = self.leader()
        if leader is not member:
            target = member.status()["header"]["member_id"]
            leader.call("maintenance/transfer-leadership", {"targetID": target})
        until(lambda: self.leader() is member, f"{member.name} leads", 10)
        return member

    # ---- as a client

    def trust(self, authority):
        """From now on this client takes certificates of this authority too."""
        self._tls.load_verify_locations(authority.file)

    def call(self, path, body=None, through=None):
        """Asks the member, or the first one that answers; that one is asked first the next time."""
        trouble = None
        for member in [through] if through else [m for m in self._asked if m.runs]:
            try:
                answer = member.call(path, body, self.patience)
            except OSError as error:
                trouble = error
                continue
            if not through:
                self._asked.sort(key=lambda other: other is not member)
            return answer
        raise trouble or OSError("no member runs")

    def put(self, key, value, lease=0, through=None):
        """Puts a key and returns the revision."""
        body = {"key": encode(key), "value": encode(value), "lease": lease}
        return int(self.call("kv/put", body, through)["header"]["revision"])

    def put_all(self, pairs, through=None):
        """Puts many keys, a hundred in a transaction."""
        pairs = list(pairs)
        for start in range(0, len(pairs), 100):
            self.call("kv/txn", {"success": [
                {"requestPut": {"key": encode(key), "value": encode(value)}}
                for key, value in pairs[start:start + 100]]}, through)

    def delete(self, key, through=None):
        self.call("kv/deleterange", {"key": encode(key)}, through)

    def get(self, prefix, through=None):
        """The records under the prefix, by key."""
        body = {"key": encode(prefix), "range_end": encode(end_of(prefix))}
        answer = self.call("kv/range", body, through)
        return {decode(found["key"]): Record(found) for found in answer.get("kvs", [])}

    def revision(self):
        return int(self.call("kv/range", {"key": encode("none")})["header"]["revision"])

    def compact(self, revision=None):
        """Forgets the history before the revision, by default all of it."""
        self.call("kv/compaction", {"revision": revision or self.revision(), "physical": True})

    def grant(self, ttl):
        return int(self.call("lease/grant", {"TTL": ttl})["ID"])

    def revoke(self, lease):
        self.call("lease/revoke", {"ID": lease})

    def leases(self):
        return [int(lease["ID"]) for lease in self.call("lease/leases").get("leases", [])]

    # ---- its users

    def add_user(self, name, password, prefix):
        """Adds a user who may read and write what begins with the prefix, under a role of its name."""
        self.call("auth/role/add", {"name": name})
        self.allow(name, prefix)
        self.call("auth/user/add", {"name": name, "password": password})
        self.call("auth/user/grant", {"user": name, "role": name})

    def allow(self, role, prefix):
        self.call("auth/role/grant", {"name": role, "perm": {
            "permType": "READWRITE", "key": encode(prefix), "range_end": encode(end_of(prefix))}})

    def forbid(self, role, prefix):
        """Takes back what was allowed."""
        self.call("auth/role/revoke", {
            "role": role, "key": encode(prefix), "range_end": encode(end_of(prefix))})

    def change_password(self, name, password):
        self.call("auth/user/changepw", {"name": name, "password": password})

    def switch_users_on(self):
        """From now on every caller has to be a user; this client is root."""
        name, password = ROOT
        self.call("auth/user/add", {"name": name, "password": password})
        self.call("auth/role/add", {"name": name})
        self.call("auth/user/grant", {"user": name, "role": name})
        self.switch_users_on_again()

    def switch_users_on_again(self):
        self.call("auth/enable")
        self._until_known(has_users=True)

    def switch_users_off(self):
        self.call("auth/disable")
        self._until_known(has_users=False)

    def logins(self):
        """How often others than this client logged in, or tried to, since the members' starts."""
        return sum(member.logins() for member in self.members if member.runs)

    def _until_known(self, has_users):
        for member in self.members:
            if member.runs:
                until(lambda: member.has_users() == has_users, f"{member.name} knows of users", 10)

    # ---- its space

    def fill_up(self):
        """Puts until the quota is used up and the alarm is raised; takes the cluster's quota to be
        small."""
        number = 0
        try:
            while True:
                self.put(f"filler/{number}", "x" * 500_000)
                number += 1
        except Refused as refused:
            if "database space exceeded" not in str(refused):
                raise

    def make_room(self):
        """Gives the space back, as etcd's manual says: delete, compact, defragment, disarm."""
        self.call("kv/deleterange", {"key": encode("filler/"), "range_end": encode(end_of("filler/"))})
        self.compact()
        for member in self.members:
            member.call("maintenance/defragment", timeout=20)
        for alarm in self.call("maintenance/alarm", {"action": "GET"}).get("alarms", []):
            self.call("maintenance/alarm", {"action": "DEACTIVATE", **alarm})

    # ---- snapshots

    def save_snapshot(self, file):
        self._etcdctl("--endpoints", self.members[0].address, "snapshot", "save", file)

    def restore_snapshot(self, file, token=None):
        """Fills every member from the snapshot, under the same names. None may be running."""
        self.token = token or self.token
        for member in self.members:
            member.wipe()
            self._etcdctl(
                "snapshot", "restore", file, f"--name={member.name}", f"--data-dir={member.data}",
                f"--initial-cluster={self.initial}", f"--initial-cluster-token={self.token}",
                f"--initial-advertise-peer-urls={member.peer}")

    def _etcdctl(self, *arguments):
        network.run("env", "ETCDCTL_API=3", os.path.join(self.programs, "etcdctl"), *arguments)

    @property
    def initial(self):
        return ",".join(f"{member.name}={member.peer}" for member in self.members)
