"""One member of etcd: a process on a host of its own, asked through its HTTP gateway."""
import base64
import http.client
import json
import os
import shutil
import signal
import subprocess

import network
from waiting import stop_process


def encode(text):
    return base64.b64encode(text.encode()).decode()


def decode(text):
    return base64.b64decode(text).decode(errors="replace")


class Refused(Exception):
    """etcd answered, and said no."""


class Member:
    """One etcd on one host of the scenario's network."""

    def __init__(self, number, directory, programs, options):
        self.host = network.Host(number)
        self.name = self.host.name
        self.address = f"http://{self.host.address}:{network.CLIENTS}"
        self.address_6 = f"http://[{self.host.address_6}]:{network.CLIENTS}"
        self.peer = f"http://{self.host.address}:{network.PEERS}"
        self.data = os.path.join(directory, self.name)
        self.log = os.path.join(directory, f"{self.name}.log")
        self.program = os.path.join(programs, "etcd")
        self.options = options
        self.process = None

    @property
    def runs(self):
        return self.process is not None

    def start(self, initial_cluster, token):
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
        """Asks through etcd's own HTTP gateway.

        Raises OSError when nobody answers, and Refused when etcd does not want to."""
        connection = http.client.HTTPConnection(self.host.address, network.CLIENTS, timeout=timeout)
        try:
            connection.request("POST", "/v3/" + path, json.dumps(body or {}))
            answer = connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"no answer of {self.name}: {error}") from error
        finally:
            connection.close()
        if answer.status in (503, 504):  # no leader, or no answer of the others
            raise OSError(f"{self.name} is of no use: {text.decode(errors='replace').strip()}")
        if answer.status != 200:
            raise Refused(f"{self.name}, {path}: {text.decode(errors='replace').strip()}")
        return json.loads(text)

    def answers(self):
        """Whether it serves: a linearizable read, as a client would make."""
        try:
            self.call("kv/range", {"key": encode("health")}, timeout=1)
            return True
        except (OSError, Refused):
            return False

    def status(self):
        return self.call("maintenance/status")
