"""One member of etcd: a process on a host of its own, asked through its HTTP gateway."""
import base64
import http.client
import json
import os
import re
import shutil
import signal
import subprocess

import network
from waiting import stop_process


def encode(text):
    return base64.b64encode(text.encode()).decode()


def decode(text):
    return base64.b64decode(text).decode(errors="replace")


# The user that the suite is, when etcd has users.
ROOT = ("root", "root")
# What etcd says to a caller without a token, and to one whose token is void: unknown, or from before a
# change of users and roles.
NOT_LOGGED_IN = ("user name is empty", "invalid auth token", "auth store is old", "in header is old")


class Refused(Exception):
    """etcd answered, and said no."""


class Member:
    """One etcd on one host of the scenario's network."""

    def __init__(self, number, directory, programs, options, authority=None, client=None):
        """With an authority it speaks TLS with its clients; `client` is the suite's own context for it."""
        self.host = network.Host(number)
        self.name = self.host.name
        self.authority, self._client = authority, client
        scheme = "https" if authority else "http"
        self.address = f"{scheme}://{self.host.address}:{network.CLIENTS}"
        self.address_6 = f"{scheme}://[{self.host.address_6}]:{network.CLIENTS}"
        self.peer = f"http://{self.host.address}:{network.PEERS}"
        self.data = os.path.join(directory, self.name)
        self.log = os.path.join(directory, f"{self.name}.log")
        self.program = os.path.join(programs, "etcd")
        self.options = list(options)
        if authority:
            own = self.renew()
            self.options += [f"--cert-file={own.file}", f"--key-file={own.key_file}",
                             f"--trusted-ca-file={authority.file}", "--client-cert-auth"]
        self.process = None
        self._token = None
        self._own_logins = 0

    @property
    def runs(self):
        return self.process is not None

    def renew(self, authority=None, **certificate):
        """Replaces its certificate, which etcd reads for each handshake; see `Authority.issue`. That of
        another authority is only made."""
        certificate.setdefault("names", (f"IP:{self.host.address}", f"IP:{self.host.address_6}"))
        return (authority or self.authority).issue(self.name, **certificate)

    def start(self, initial_cluster, token):
        self._own_logins = 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.host.command(
                    self.program, f"--name={self.name}", f"--data-dir={self.data}",
                    f"--listen-client-urls={self.address},{self.address_6}",
                    f"--advertise-client-urls={self.address}", f"--listen-peer-urls={self.peer}",
                    f"--initial-advertise-peer-urls={self.peer}",
                    f"--initial-cluster={initial_cluster}", f"--initial-cluster-token={token}",
                    "--logger=zap", *self.options),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self):
        """Ends the process as a crash does; its data stay."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        """Stops the process; its kernel goes on accepting connections."""
        stop_process(self.process)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def wipe(self):
        """Deletes all that the member knows. It must not be running."""
        shutil.rmtree(self.data, ignore_errors=True)

    def call(self, path, body=None, timeout=5):
        """Asks through etcd's own HTTP gateway, as root when it has users.

        Raises OSError when nobody answers, and Refused when etcd does not want to."""
        try:
            return self._call(path, body, timeout)
        except Refused as refused:
            if not any(words in str(refused) for words in NOT_LOGGED_IN):
                raise
        name, password = ROOT
        self._token = None
        self._own_logins += 1
        self._token = self._call(
            "auth/authenticate", {"name": name, "password": password}, timeout)["token"]
        return self._call(path, body, timeout)

    def has_users(self):
        """Whether it wants to know who calls."""
        self._token = None
        try:
            self._call("kv/range", {"key": encode("health")}, timeout=5)
            return False
        except Refused:
            return True

    def logins(self):
        """How often others than the suite logged in here, or tried to, since its start."""
        _, text = self._request("GET", "/metrics", timeout=5)
        found = re.search(
            rb'^grpc_server_started_total\{grpc_method="Authenticate",.*\} (\d+)$', text, re.MULTILINE)
        return int(found[1]) - self._own_logins

    def _call(self, path, body, timeout):
        head = {"Authorization": self._token} if self._token else {}
        answer, text = self._request("POST", "/v3/" + path, timeout, json.dumps(body or {}), head)
        if answer.status in (503, 504):  # no leader, or no answer of the others
            raise OSError(f"{self.name} is of no use: {text.decode(errors='replace').strip()}")
        if answer.status != 200:
            raise Refused(f"{self.name}, {path}: {text.decode(errors='replace').strip()}")
        return json.loads(text)

    def _request(self, method, path, timeout, body=None, head=None):
        host, port = self.host.address, network.CLIENTS
        connection = (
            http.client.HTTPSConnection(host, port, timeout=timeout, context=self._client)
            if self._client else http.client.HTTPConnection(host, port, timeout=timeout))
        try:
            connection.request(method, path, body, head or {})
            answer = connection.getresponse()
            return answer, answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"no answer of {self.name}: {error}") from error
        finally:
            connection.close()

    def answers(self):
        """Whether it serves: a linearizable read, as a client would make."""
        try:
            self.call("kv/range", {"key": encode("health")}, timeout=1)
            return True
        except (OSError, Refused):
            return False

    def status(self):
        return self.call("maintenance/status")
